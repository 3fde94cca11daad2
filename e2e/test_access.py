"""Who may do what, and who may do nothing."""

import pytest


def test_wrong_password(cloud):
    message = "The request you have made requires authentication. (HTTP 401)"

    assert message in cloud.nova("list", ok=False, OS_PASSWORD="wrong").stderr
    assert message in cloud.openstack("server", "list", ok=False, OS_PASSWORD="wrong").stderr


def test_unknown_user(cloud):
    message = "The request you have made requires authentication. (HTTP 401)"

    assert message in cloud.openstack("server", "list", ok=False, OS_USERNAME="nobody").stderr


def test_project_of_others(cloud):
    assert "(HTTP 401)" in cloud.openstack(
        "server", "list", ok=False, OS_PROJECT_NAME="admin").stderr


def test_reader_lists(cloud, image):
    assert cloud.nova("list", user="reader").rows == []
    assert "m1.nano" in cloud.openstack("flavor", "list", user="reader").stdout


@pytest.mark.ours  # older Nova's defaults let a reader create
def test_reader_creates_no_server(cloud, image):
    message = "Policy doesn't allow os_compute_api:servers:create to be performed."

    assert f"{message} (HTTP 403)" in cloud.nova(
        "boot", "--flavor", "42", "--image", image, "--nic", "none", "no", user="reader",
        ok=False).stderr
    assert message in cloud.openstack(
        "server", "create", "--flavor", "42", "--image", image, "--network", "private", "no",
        user="reader", ok=False).stderr
    assert cloud.nova("list", user="reader").rows == []


def test_member_creates_no_flavor(cloud):
    message = "Policy doesn't allow os_compute_api:os-flavor-manage:create to be performed."

    assert message in cloud.openstack(
        "flavor", "create", "--ram", "1", "--disk", "1", "--vcpus", "1", "no", ok=False).stderr


def test_projects_do_not_see_each_other(cloud, image):
    """What is there for its owner is not there for others."""
    made = cloud.openstack(
        "server", "create", "--flavor", "42", "--image", image, "--network", "private",
        "--wait", "-f", "json", "mine", user="admin").json
    try:
        token = cloud.token()["id"]
        url = f"{cloud.endpoint('compute')}/servers/{made['id']}"
        for method, path, body in (
            ("GET", "", None), ("DELETE", "", None), ("POST", "/action", {"os-stop": None}),
        ):
            reply = cloud.curl(method, url + path, body=body, token=token)
            assert (reply.status, reply.json["itemNotFound"]["message"]) == (
                404, f"Instance {made['id']} could not be found."), method
        assert cloud.nova("list").rows == []
    finally:
        cloud.openstack("server", "delete", "--wait", made["id"], user="admin")


def test_admin_runs_the_identity_service(cloud):
    """Make a project and a user, who works there, and remove both."""
    cloud.openstack("project", "create", "e2e", user="admin")
    try:
        cloud.openstack("user", "create", "--password", "s3cret-e2e", "e2e", user="admin")
        cloud.openstack("role", "add", "--project", "e2e", "--user", "e2e", "member", user="admin")
        who = {"OS_USERNAME": "e2e", "OS_PASSWORD": "s3cret-e2e", "OS_PROJECT_NAME": "e2e"}
        assert cloud.nova("list", **who).rows == []
        assert cloud.openstack("role", "assignment", "list", "--user", "e2e", "--names", "-f", "json",
                               user="admin").json[0]["Role"] == "member"
        cloud.openstack("user", "delete", "e2e", user="admin")
        assert "(HTTP 401)" in cloud.nova("list", ok=False, **who).stderr
    finally:
        cloud.openstack("project", "delete", "e2e", user="admin")
    left = cloud.openstack("project", "list", "-f", "value", "-c", "Name", user="admin").stdout
    assert "e2e" not in left.split()


def test_revoked_token(cloud):
    token = cloud.token()["id"]
    url = f"{cloud.endpoint('compute')}/limits"
    assert cloud.curl("GET", url, token=token).status == 200

    cloud.openstack("token", "revoke", token)
    fresh = f"{cloud.auth_url.removesuffix('/v3')}/v3/auth/tokens"
    assert cloud.curl("GET", fresh, f"X-Subject-Token: {token}", token=token).status == 401
