"""What a client without a library sees: curl, headers and bodies."""

import re

import pytest

REQUEST_ID = re.compile(r"req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def compute(cloud):
    """Give the address of the API, without a project."""
    return re.sub(r"/[0-9a-f-]{32,36}$", "", cloud.endpoint("compute"))


@pytest.fixture(scope="module")
def root(compute):
    return compute.removesuffix("/v2.1")


@pytest.fixture(scope="module")
def token(cloud):
    return cloud.token()["id"]


@pytest.mark.ours
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health(cloud, root, path):
    assert cloud.curl("GET", root + path).status == 200


def test_versions(cloud, root):
    reply = cloud.curl("GET", f"{root}/")

    assert reply.status == 200
    versions = {v["id"]: v for v in reply.json["versions"]}
    assert list(versions) == ["v2.0", "v2.1"]
    # Supported in clouds of 2022, deprecated since.
    assert versions["v2.0"]["status"] in ("SUPPORTED", "DEPRECATED")
    assert versions["v2.0"]["version"] == ""
    assert (versions["v2.1"]["status"], versions["v2.1"]["min_version"]) == ("CURRENT", "2.1")
    assert versions["v2.1"]["links"] == [{"rel": "self", "href": f"{root}/v2.1/"}]


@pytest.mark.ours
def test_newest_version(cloud, root):
    versions = {v["id"]: v for v in cloud.curl("GET", f"{root}/").json["versions"]}

    assert versions["v2.1"]["version"] == "2.104"


@pytest.mark.parametrize(("path", "version"), [
    ("/v2", "v2.0"), ("/v2/", "v2.0"), ("/v2.1", "v2.1"), ("/v2.1/", "v2.1"),
])
def test_version(cloud, root, path, version):
    reply = cloud.curl("GET", root + path)

    assert reply.status == 200
    assert reply.json["version"]["id"] == version
    assert REQUEST_ID.fullmatch(reply.headers["x-openstack-request-id"])


def test_unknown_version_gives_choices(cloud, root):
    reply = cloud.curl("GET", f"{root}/nonesuch")

    assert reply.status == 300
    assert [c["id"] for c in reply.json["choices"]] == ["v2.0", "v2.1"]
    assert reply.json["choices"][1]["links"][0]["href"] == f"{root}/v2.1/nonesuch"


@pytest.mark.parametrize("token", [None, "nonsense"])
def test_without_a_good_token(cloud, compute, token):
    reply = cloud.curl("GET", f"{compute}/servers", token=token)

    assert reply.status == 401
    assert reply.json["error"] == {
        "code": 401, "title": "Unauthorized",
        "message": "The request you have made requires authentication."}
    assert reply.headers["www-authenticate"].startswith('Keystone uri="')


@pytest.mark.parametrize(("asked", "used"), [
    ((), "2.1"),
    (("OpenStack-API-Version: compute 2.53",), "2.53"),
    (("X-OpenStack-Nova-API-Version: 2.60",), "2.60"),
    (("OpenStack-API-Version: volume 3.0",), "2.1"),
])
def test_microversion(cloud, compute, token, asked, used):
    reply = cloud.curl("GET", f"{compute}/servers", *asked, token=token)

    assert reply.status == 200
    assert reply.json == {"servers": []}
    assert reply.headers["openstack-api-version"] == f"compute {used}"
    assert reply.headers["x-openstack-nova-api-version"] == used
    assert REQUEST_ID.fullmatch(reply.headers["x-openstack-request-id"])
    assert reply.headers["x-compute-request-id"] == reply.headers["x-openstack-request-id"]


@pytest.mark.ours
def test_latest_microversion(cloud, compute, token):
    reply = cloud.curl(
        "GET", f"{compute}/servers", "OpenStack-API-Version: compute latest", token=token)

    assert reply.headers["openstack-api-version"] == "compute 2.104"


def test_microversion_too_new(cloud, compute, token):
    reply = cloud.curl(
        "GET", f"{compute}/servers", "OpenStack-API-Version: compute 2.999", token=token)

    assert reply.status == 406
    assert reply.json["computeFault"]["code"] == 406
    assert reply.json["computeFault"]["message"].startswith(
        "Version 2.999 is not supported by the API. Minimum is 2.1 and maximum is 2.")


def test_microversion_malformed(cloud, compute, token):
    reply = cloud.curl("GET", f"{compute}/servers", "OpenStack-API-Version: compute x", token=token)

    assert (reply.status, reply.json) == (400, {"badRequest": {
        "code": 400, "message": "API Version String x is of invalid format. "
                                "Must be of format MajorNum.MinorNum."}})


@pytest.mark.parametrize(("method", "path"), [
    ("GET", "nonesuch"), ("PATCH", "servers"), ("GET", "servers/"), ("DELETE", "flavors"),
])
def test_no_such_route(cloud, compute, token, method, path):
    reply = cloud.curl(
        method, f"{compute}/{path}", "Accept: application/json", token=token)

    assert (reply.status, reply.json["title"]) == (404, "Not Found")
    assert "openstack-api-version" not in reply.headers


@pytest.mark.parametrize(("body", "message"), [
    ("{", "Malformed request body"),
    ({}, "'server' is a required property"),
    ({"server": {}},
     "Invalid input for field/attribute server. Value: {}. 'name' is a required property"),
])
def test_bad_body(cloud, compute, token, body, message):
    reply = cloud.curl("POST", f"{compute}/servers", body=body, token=token)

    assert (reply.status, reply.json) == (400, {"badRequest": {"code": 400, "message": message}})


def test_body_too_large(cloud, compute, token):
    body = {"server": {"name": "x" * 120_000}}
    reply = cloud.curl("POST", f"{compute}/servers", body=body, token=token)

    assert reply.status == 413


def test_unknown_server(cloud, compute, token):
    reply = cloud.curl("GET", f"{compute}/servers/nope", token=token)

    assert (reply.status, reply.json) == (
        404, {"itemNotFound": {"code": 404, "message": "Instance nope could not be found."}})


def test_another_project_in_the_path(cloud, compute, token):
    reply = cloud.curl("GET", f"{compute}/deadbeef/servers", token=token)

    assert reply.status == 400
    assert reply.json["badRequest"]["message"].startswith(
        "Malformed request URL: URL's project_id 'deadbeef' doesn't match Context's project_id ")


def test_pages_of_flavors(cloud, compute, token):
    """Follow the links until there are no more."""
    seen, url = [], f"{compute}/flavors?limit=4"
    while url:
        page = cloud.curl("GET", url, token=token).json
        seen += [flavor["name"] for flavor in page["flavors"]]
        links = {link["rel"]: link["href"] for link in page.get("flavors_links", [])}
        url = links.get("next")

    assert len(seen) == len(set(seen))
    assert {"m1.nano", "m1.tiny", "m1.small", "m1.medium", "m1.large", "m1.xlarge"} <= set(seen)


def test_legacy_api_knows_no_versions_and_is_lenient(cloud, root):
    issued = cloud.token()
    servers = f"{root}/v2/{issued['project_id']}/servers"

    listed = cloud.curl(
        "GET", servers, "OpenStack-API-Version: compute 2.53", token=issued["id"])
    missing = cloud.curl(
        "POST", servers, token=issued["id"],
        body={"server": {"name": "x", "flavorRef": "42", "surprise": 1, "imageRef":
                         "11111111-2222-3333-4444-555555555555", "networks": "none"}})

    assert (listed.status, listed.json) == (200, {"servers": []})
    assert "openstack-api-version" not in listed.headers
    assert missing.status == 400
    assert "surprise" not in missing.json["badRequest"]["message"]


@pytest.mark.ours
def test_token_of_2014(cloud, compute, root):
    """A v2.0 token, as clients of 2014 ask for it, works on their API."""
    user = cloud.users["demo"]
    reply = cloud.curl("POST", cloud.auth_url.removesuffix("/v3") + "/v2.0/tokens", body={"auth": {
        "tenantName": user["OS_PROJECT_NAME"],
        "passwordCredentials": {
            "username": user["OS_USERNAME"], "password": user["OS_PASSWORD"]}}})

    assert reply.status == 200
    access = reply.json["access"]
    endpoints = [s["endpoints"] for s in access["serviceCatalog"] if s["type"] == "compute"][0]
    assert endpoints[0]["publicURL"].startswith(root)
    listed = cloud.curl(
        "GET", f"{root}/v2/{access['token']['tenant']['id']}/flavors/detail",
        token=access["token"]["id"])
    assert listed.status == 200
    assert "m1.nano" in [flavor["name"] for flavor in listed.json["flavors"]]
