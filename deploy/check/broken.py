"""Breaks copies of what ships, one thing at a time, and says which breakage no rule notices."""
import copy

DELETE = object()

# file or kind and name, path into it, what is put there, a word of the complaint
COMPOSE = [
    ("redis.image", "docker.io/library/redis:latest", "names no version"),
    ("redis.image", "docker.io/library/redis", "names no version"),
    ("live.healthcheck", DELETE, "no health check"),
    ("kafka.restart", DELETE, "restart is"),
    ("migrate.restart", "always", "bounded number"),
    ("postgres.deploy.resources.limits.memory", DELETE, "no limit of memory"),
    ("grafana.security_opt", DELETE, "gain privileges"),
    ("edge1.read_only", False, "read-only"),
    ("edge1.logging", DELETE, "without a bound"),
    ("prometheus.ports", ["9090:9090"], "reached from outside"),
    ("jaeger.networks", ["inside", "outside"], "reached from outside"),
    ("edge2.environment.ROOMLOG_POSTGRES__URL", "postgres://roomlog:x@postgres/roomlog", "secret in the environment"),
    ("grafana.environment.GF_SECURITY_ADMIN_PASSWORD", "admin", "secret in the environment"),
    ("edge1.environment.ROOMLOG_LISTN", "x", "is no setting"),
    ("redis.secrets", ["nothing"], "not declared"),
    ("haproxy.volumes", ["./nowhere:/x:ro"], "does not exist"),
    ("haproxy.ports", DELETE, "not public"),
    ("schemas.depends_on", {"nobody": {}}, "no service"),
]
OVERRIDE = [("redis.ports", ["6379:6379"], "open to others")]
MANIFESTS = [
    ("Deployment", "edge", "spec.template.spec.containers.0.readynessProbe", {}, "is no field"),
    ("Deployment", "edge", "spec.template.spec.containers.0.image", DELETE, "names no version"),
    ("Deployment", "edge", "spec.minReadySeconds", "10", "valid integer"),
    ("Deployment", "edge", "spec.selector", DELETE, "Field required"),
    ("Deployment", "live", "spec.template.spec.containers.0.resources.limits.memory", "1 GB", "no quantity"),
    ("Deployment", "live", "apiVersion", "apps/v1beta1", "there is no Deployment"),
    ("Deployment", "edge", "spec.template.metadata.labels", {"a": "b"}, "does not select its own pods"),
    ("Deployment", "edge", "spec.template.spec.terminationGracePeriodSeconds", 30, "killed before"),
    ("Deployment", "edge", "spec.template.spec.containers.0.lifecycle", DELETE, "before endpoints"),
    ("Deployment", "edge", "spec.template.spec.containers.0.ports.0.name", "web", "asks /livez"),
    ("Deployment", "edge", "spec.replicas", 3, "autoscaler"),
    ("Deployment", "history", "spec.template.spec.securityContext.runAsNonRoot", False, "not restricted"),
    ("Deployment", "history", "spec.template.spec.automountServiceAccountToken", True, "has a token"),
    ("Deployment", "live", "spec.template.spec.containers.0.securityContext.readOnlyRootFilesystem", False, "can be written"),
    ("Deployment", "live", "spec.template.spec.containers.0.image", "registry.example/roomlog:latest", "names no version"),
    ("Job", "migrate", "spec.template.spec.containers.0.volumeMounts.0.name", "other", "not declared"),
    ("PodDisruptionBudget", "edge", "spec.selector.matchLabels", {"a": "b"}, "protects no pod"),
    ("Service", "edge", "spec.ports.0.targetPort", "web", "none of its pods'"),
    ("HorizontalPodAutoscaler", "edge", "spec.scaleTargetRef.name", "edges", "there is no Deployment edges"),
    ("HorizontalPodAutoscaler", "edge", "spec.metrics.0.pods.metric.name", "sessions", "scales by"),
    ("Ingress", "roomlog", "spec.rules.0.http.paths.0.backend.service.port.name", "web", "there is no Service"),
    ("NetworkPolicy", "edge", "spec.podSelector.matchLabels", {"a": "b"}, "concerns no pod"),
    ("ConfigMap", "roomlog", "data.ROOMLOG_KAFKA__BROKER", "x", "is no setting"),
    ("ConfigMap", "roomlog", "data.ROOMLOG_KAFKA__SECURITY__PASSWORD", "x", "is a secret"),
]


def put(whole, path, value):
    *above, last = path.split(".")
    for step in above:
        whole = whole[int(step)] if isinstance(whole, list) else whole[step]
    last = int(last) if isinstance(whole, list) else last
    if value is DELETE:
        del whole[last]
    else:
        whole[last] = value


def unnoticed(complaints, files, documents):
    """How many breakages were tried, and a sentence on each that nobody complained of as expected."""
    trials = [("docker-compose.yml", *trial) for trial in COMPOSE] + [("compose.override.yml", *t) for t in OVERRIDE]
    missed = []
    for name, path, value, word in trials:
        # Anchors are shared in what was read; in a copy of their text each service has its own.
        other = {key: unshared(file) for key, file in files.items()}
        put(other[name]["services"], path, value)
        missed += judged(complaints(other, documents), f"{name} with {path} = {shown(value)}", word)
    for kind, name, path, value, word in MANIFESTS:
        other = copy.deepcopy(documents)
        put(next(d for d in other if (d["kind"], d["metadata"]["name"]) == (kind, name)), path, value)
        missed += judged(complaints(files, other), f"{kind} {name} with {path} = {shown(value)}", word)
    return len(trials) + len(MANIFESTS), missed


def unshared(value):
    if isinstance(value, dict):
        return {key: unshared(inner) for key, inner in value.items()}
    return [unshared(inner) for inner in value] if isinstance(value, list) else value


def judged(found, what, word):
    return [] if any(word in complaint for complaint in found) else [f"{what} is not noticed; said was {found}"]


def shown(value):
    return "nothing" if value is DELETE else repr(value)
