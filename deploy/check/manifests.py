"""What must hold between the manifests of deploy/kubernetes, and of each pod in them."""
import yaml

import settings

# The metric that prometheus-adapter is told to make.
SESSIONS = "roomlog_sessions"
# Between the last session that is cut off and the process being gone.
SPARE_SECONDS = 5


def load(folder):
    """Every document that Kubernetes takes. Values of other programs stand beside them."""
    found = []
    for path in sorted(folder.glob("[0-9]*.yaml")):
        found += [document for document in yaml.safe_load_all(path.read_text()) if document]
    return found


def complaints(documents, names):
    by_kind = {}
    for document in documents:
        by_kind.setdefault(document["kind"], {})[document["metadata"]["name"]] = document
    found = []
    for document in documents:
        name = f"{document['kind']} {document['metadata']['name']}"
        found += [f"{name}: {what}" for what in of_document(document, by_kind)]
    found += of_settings(by_kind, names)
    return found


def of_document(document, by_kind):
    kind = document["kind"]
    if kind == "Secret":
        yield "secrets are not kept here"
    if kind != "Namespace" and document["metadata"].get("namespace") not in by_kind["Namespace"]:
        yield "is in no namespace of these"
    if kind in ("Deployment", "Job"):
        yield from of_pod(document["spec"]["template"]["spec"], by_kind)
    if kind == "Deployment":
        yield from of_deployment(document, by_kind)
    if kind == "PodDisruptionBudget" and not selected(document["spec"]["selector"]["matchLabels"], by_kind):
        yield "protects no pod"
    if kind == "Service":
        yield from of_service(document, by_kind)
    if kind == "HorizontalPodAutoscaler":
        yield from of_autoscaler(document, by_kind)
    if kind == "Ingress":
        yield from of_ingress(document, by_kind)
    if kind == "NetworkPolicy":
        yield from of_policy(document, by_kind)


def selected(labels, by_kind, kinds=("Deployment",)):
    pods = [d["spec"]["template"] for kind in kinds for d in by_kind.get(kind, {}).values()]
    return [pod for pod in pods if labels.items() <= pod["metadata"]["labels"].items()]


def ports_of(pods):
    return {port["name"] for pod in pods for c in pod["spec"]["containers"] for port in c.get("ports", [])}


def of_pod(pod, by_kind):
    security = pod.get("securityContext", {})
    if not security.get("runAsNonRoot") or security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "its pod is not restricted"
    if pod.get("automountServiceAccountToken") is not False or pod.get("serviceAccountName") not in by_kind["ServiceAccount"]:
        yield "its pod has a token, or an account that is not here"
    volumes = {volume["name"] for volume in pod.get("volumes", [])}
    for container in pod["containers"]:
        own = container.get("securityContext", {})
        if not own.get("readOnlyRootFilesystem") or own.get("allowPrivilegeEscalation") is not False:
            yield "its root can be written, or it may gain privileges"
        if own.get("capabilities") != {"drop": ["ALL"]}:
            yield "it keeps capabilities"
        if not {"cpu", "memory"} <= container["resources"].get("requests", {}).keys():
            yield "it requests no cpu or memory"
        if "memory" not in container["resources"].get("limits", {}):
            yield "its memory has no limit"
        image = container.get("image", "")
        if ":" not in image or image.endswith(":latest"):
            yield f"image {image!r} names no version"
        for mount in container.get("volumeMounts", []):
            if mount["name"] not in volumes:
                yield f"volume {mount['name']} is not declared"
        for source in container.get("envFrom", []):
            if source["configMapRef"]["name"] not in by_kind["ConfigMap"]:
                yield f"there is no ConfigMap {source['configMapRef']['name']}"


def of_deployment(document, by_kind):
    spec = document["spec"]
    if not spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items():
        yield "does not select its own pods"
    pod = spec["template"]["spec"]
    for container in pod["containers"]:
        for probe, path in (("livenessProbe", "/livez"), ("readinessProbe", "/readyz"), ("startupProbe", "/livez")):
            asked = container.get(probe, {}).get("httpGet", {})
            if asked.get("path") != path or asked.get("port") not in {p["name"] for p in container.get("ports", [])}:
                yield f"has no {probe} that asks {path}"
    drain = by_kind["ConfigMap"]["roomlog"]["data"]
    hook = pod["containers"][0].get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    told = int(drain["ROOMLOG_DRAIN__NOTICE_MS"]) + int(drain["ROOMLOG_DRAIN__DEADLINE_MS"])
    if pod.get("terminationGracePeriodSeconds", 30) < hook + told / 1000 + SPARE_SECONDS:
        yield "is killed before its drain is over"
    budgets = by_kind["PodDisruptionBudget"].values()
    if not any(b["spec"]["selector"]["matchLabels"] == spec["selector"]["matchLabels"] for b in budgets):
        yield "has no PodDisruptionBudget"
    for constraint in pod.get("topologySpreadConstraints", []):
        if constraint["labelSelector"]["matchLabels"] != spec["selector"]["matchLabels"]:
            yield "spreads other pods than its own"
    edge = document["metadata"]["name"] == "edge"
    if edge == ("replicas" in spec):
        yield "the autoscaler and only the autoscaler says how many edges there are"
    if edge and not hook:
        yield "begins its drain before endpoints are taken away"


def of_service(document, by_kind):
    pods = selected(document["spec"]["selector"], by_kind)
    if not pods:
        yield "selects no pod"
    for port in document["spec"]["ports"]:
        if port["targetPort"] not in ports_of(pods):
            yield f"port {port['targetPort']} is none of its pods'"


def of_autoscaler(document, by_kind):
    target = document["spec"]["scaleTargetRef"]
    if target["name"] not in by_kind.get(target["kind"], {}):
        yield f"there is no {target['kind']} {target['name']}"
    metrics = [m["pods"]["metric"]["name"] for m in document["spec"]["metrics"] if m["type"] == "Pods"]
    if metrics != [SESSIONS]:
        yield f"scales by {metrics}, not by {SESSIONS}"


def of_ingress(document, by_kind):
    for rule in document["spec"]["rules"]:
        for path in rule["http"]["paths"]:
            service = path["backend"]["service"]
            known = by_kind["Service"].get(service["name"], {"spec": {"ports": []}})
            if service["port"]["name"] not in {port["name"] for port in known["spec"]["ports"]}:
                yield f"there is no Service {service['name']} with a port {service['port']['name']}"


def of_policy(document, by_kind):
    labels = document["spec"]["podSelector"].get("matchLabels", {})
    pods = selected(labels, by_kind)
    if not pods:
        yield "concerns no pod"
    for rule in document["spec"].get("ingress", []):
        for port in rule["ports"]:
            if isinstance(port["port"], str) and port["port"] not in ports_of(pods):
                yield f"port {port['port']} is none of its pods'"


def of_settings(by_kind, names):
    for name, configuration in by_kind["ConfigMap"].items():
        for variable in settings.unknown(configuration["data"], names):
            yield f"ConfigMap {name}: {variable} is no setting"
        for variable, value in configuration["data"].items():
            if variable.endswith(("PASSWORD", "URL")) or "@" in value:
                yield f"ConfigMap {name}: {variable} is a secret"
