"""What must hold of docker-compose.yml and of the override that development uses."""
import re

import yaml

import settings

# Begun, done, gone.
ONCE = {"migrate", "schemas"}
PUBLIC = "haproxy"
PINNED = re.compile(r"^[^:@\s]+:[^:@\s]*\d+\.\d+[^:@\s]*$")
SECRET = re.compile(r"password|secret|token|jaas", re.IGNORECASE)
RESTARTS = {"unless-stopped", "always"}


def load(path):
    return yaml.safe_load(path.read_text())


def complaints(base, override, names, top):
    found = []
    for name, service in base["services"].items():
        found += [f"docker-compose.yml, {name}: {what}" for what in of_service(name, service, base, names, top)]
    found += [f"docker-compose.yml: {what}" for what in of_whole(base)]
    for name, service in override["services"].items():
        found += [f"compose.override.yml, {name}: {what}" for what in of_override(name, service, base, names)]
    return found


def of_service(name, service, base, names, top):
    image = service.get("image", "")
    if not PINNED.match(image):
        yield f"image {image!r} names no version"
    healthy = service.get("healthcheck", {})
    if name not in ONCE and not healthy.get("test"):
        yield "has no health check"
    if name not in ONCE and service.get("restart") not in RESTARTS:
        yield f"restart is {service.get('restart')!r}"
    if name in ONCE and not str(service.get("restart", "")).startswith("on-failure:"):
        yield "is done once, and must be tried a bounded number of times"
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    for limit in ("cpus", "memory"):
        if limit not in limits:
            yield f"has no limit of {limit}"
    if "no-new-privileges:true" not in service.get("security_opt", []):
        yield "may gain privileges"
    if service.get("privileged") or service.get("network_mode") or service.get("cap_add"):
        yield "has rights beyond a container's"
    if image.startswith("roomlog:") and not (service.get("read_only") and service.get("cap_drop") == ["ALL"]):
        yield "must have a root that is read-only, and no capability"
    if "logging" not in service:
        yield "has logs without a bound"
    if name != PUBLIC and (service.get("ports") or service.get("networks") != ["inside"]):
        yield "can be reached from outside"
    yield from of_secrets(service, base)
    for variable in settings.unknown(service.get("environment", {}), names):
        yield f"{variable} is no setting"
    for mount in service.get("volumes", []):
        source = mount.split(":")[0]
        if source.startswith("./") and not (top / source).exists():
            yield f"{source} does not exist"
        if not source.startswith("./") and source not in base["volumes"]:
            yield f"volume {source} is not declared"


def of_secrets(service, base):
    for variable, value in service.get("environment", {}).items():
        holds_one = SECRET.search(variable) and not variable.upper().endswith("FILE")
        if holds_one or re.search(r"://[^/\s]*:[^/\s]*@", str(value)):
            yield f"{variable} is a secret in the environment"
    for secret in service.get("secrets", []):
        if secret not in base["secrets"]:
            yield f"secret {secret} is not declared"


def of_whole(base):
    if base["services"][PUBLIC].get("ports") is None:
        yield f"{PUBLIC} is not public"
    if base["networks"]["inside"].get("internal") is not True:
        yield "the network inside has a way out"
    for name, secret in base["secrets"].items():
        if set(secret) != {"file"} or not secret["file"].startswith(".secrets/"):
            yield f"secret {name} is not a file that `make secrets` makes"
    for name, service in base["services"].items():
        for other in service.get("depends_on", {}):
            if other not in base["services"]:
                yield f"{name} waits for {other}, which is no service"


def of_override(name, service, base, names):
    if name not in base["services"]:
        yield "is no service of docker-compose.yml"
    for port in service.get("ports", []):
        if not port.startswith("127.0.0.1:"):
            yield f"port {port} is open to others than this machine"
    for variable in settings.unknown(service.get("environment", {}), names):
        yield f"{variable} is no setting"
