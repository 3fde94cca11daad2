"""A driver of Cinder that keeps each volume in a file of a folder.

Cinder's own drivers want a storage system, LVM or a mount, and its fake ones
have no data. This one needs nothing but the folder, and says where a file is in
the same words as nova-api's bundled service, so that servers have the data.
"""

import os
import pathlib
import subprocess

from cinder import interface
from cinder.image import image_utils
from cinder.volume import driver, volume_utils
from oslo_config import cfg

OPTIONS = [cfg.StrOpt("files_folder", help="The folder with the volumes of this backend.")]


@interface.volumedriver
class FilesDriver(driver.VolumeDriver):
    """Volumes as sparse files."""

    VERSION = "1"
    CI_WIKI_NAME = "none"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.configuration.append_config_values(OPTIONS)
        self.folder = pathlib.Path(self.configuration.files_folder)

    def check_for_setup_error(self):
        self.folder.mkdir(parents=True, exist_ok=True)

    def path(self, thing):
        """Give the file of a volume or snapshot."""
        return self.folder / thing["name"]

    def _make(self, volume, source=None):
        """Make a volume's file, as a copy of another if there is one."""
        if source:
            subprocess.run(["cp", "--sparse=always", "--reflink=auto", source, self.path(volume)], check=True)
        self.extend_volume(volume, volume["size"])

    def create_volume(self, volume):
        self._make(volume)

    def create_volume_from_snapshot(self, volume, snapshot):
        self._make(volume, self.path(snapshot))

    def create_cloned_volume(self, volume, src_vref):
        self._make(volume, self.path(src_vref))

    def extend_volume(self, volume, new_size):
        with self.path(volume).open("ab") as file:
            os.truncate(file.fileno(), new_size << 30)

    def create_snapshot(self, snapshot):
        subprocess.run(["cp", "--sparse=always", "--reflink=auto", self.path(snapshot["volume"]), self.path(snapshot)], check=True)

    def revert_to_snapshot(self, context, volume, snapshot):
        del context
        self._make(volume, self.path(snapshot))

    def delete_volume(self, volume):
        self.path(volume).unlink(missing_ok=True)

    def delete_snapshot(self, snapshot):
        self.path(snapshot).unlink(missing_ok=True)

    def copy_image_to_volume(self, context, volume, image_service, image_id, disable_sparse=False):
        image_utils.fetch_to_raw(
            context, image_service, image_id, str(self.path(volume)), "1M", size=volume["size"],
            run_as_root=False, disable_sparse=disable_sparse)
        self.extend_volume(volume, volume["size"])

    def copy_volume_to_image(self, context, volume, image_service, image_meta):
        volume_utils.upload_volume(
            context, image_service, image_meta, str(self.path(volume)), volume, run_as_root=False)

    def initialize_connection(self, volume, connector):
        del connector
        return {"driver_volume_type": "local", "data": {"device_path": str(self.path(volume))}}

    def terminate_connection(self, volume, connector, **kwargs):
        """Do nothing: a file needs no connection."""

    def ensure_export(self, context, volume):
        """Do nothing, as above."""

    def create_export(self, context, volume, connector):
        """Do nothing, as above."""

    def remove_export(self, context, volume):
        """Do nothing, as above."""

    def update_migrated_volume(self, ctxt, volume, new_volume, original_volume_status):
        """Have the moved volume's data stay in the file that they were copied to."""
        del ctxt, volume, original_volume_status
        return {"_name_id": new_volume["_name_id"] or new_volume["id"], "provider_location": None}

    def _update_volume_stats(self):
        self._stats = {
            "volume_backend_name": self.configuration.volume_backend_name, "vendor_name": "nova-api",
            "driver_version": self.VERSION, "storage_protocol": "file", "total_capacity_gb": "infinite",
            "free_capacity_gb": "infinite", "multiattach": True, "online_extend_support": True,
            "sparse_copy_volume": True,
        }
