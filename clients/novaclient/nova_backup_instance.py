"""Adds `nova backup-instance` to python-novaclient.

The client finds this module by the entry point "novaclient.extension". It
makes the function below a subcommand, and hangs the manager on the client
under the name of the entry point: ``cs.backup_instance``.
"""

from novaclient import base
from novaclient import utils


# NOTE: the client takes for the extension's manager any subclass of Manager
# that it sees in this module: so import modules here, never classes of
# novaclient. The base is Manager, because ManagerWithFind can't be
# instantiated without a list().
class BackupInstanceManager(base.Manager):
    """Starts quick backups of servers."""

    def backup_instance(self, server, name, description=None):
        """Start a quick backup of a server.

        :param server: the server, or its ID
        :param name: the name of the image that will hold the backup
        :param description: a description of the image, of up to 255
            characters; none if left out
        :returns: the ID of the image: a str that knows its request IDs
        """
        body = {"name": name}
        if description is not None:
            body["description"] = description
        url = f"/servers/{base.getid(server)}/backup_instance"
        # Raw, because the answer is the bare ID and not a resource.
        return self._create(url, body, "id", return_raw=True)


@utils.arg("server", metavar="<server>", help="Name or ID of server.")
@utils.arg("name", metavar="<name>", help="Name of the image to back up to.")
@utils.arg(
    "description",
    metavar="<description>",
    nargs="?",
    default=None,
    help="Description of the image.",
)
def do_backup_instance(cs, args):
    """Back up a server quickly, to a new image."""
    server = utils.find_resource(cs.servers, args.server)
    image_id = cs.backup_instance.backup_instance(
        server, args.name, args.description
    )
    utils.print_dict({"id": image_id, "name": args.name, "server": server.id})
