"""Holds a manifest strictly against Kubernetes' own types, as its Python client has them from the OpenAPI document: every
field must be known, of its type, and what is required must be there. What a server decides beyond that is not known here.
"""
import re

import pydantic
from kubernetes.client import models

QUANTITY = re.compile(r"^\d+(\.\d+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$")
QUANTITIES = {"limits", "requests"}


def complaints(document):
    name = f"{document['kind']} {document['metadata']['name']}"
    version = document["apiVersion"].split("/")[-1]
    kind = getattr(models, f"{version[0].upper()}{version[1:]}{document['kind']}", None)
    if kind is None:
        return [f"{name}: there is no {document['kind']} of {document['apiVersion']}"]
    found = [f"{name}: {what}" for what in of_model(document, kind.__name__, "")]
    try:
        kind.model_validate(document)
    except pydantic.ValidationError as error:
        found += [f"{name}: {'.'.join(str(step) for step in one['loc'])}: {one['msg']}" for one in error.errors()]
    return found


def of_model(value, kind, path):
    """Names of fields, as they are written in a manifest: the types take Python's spelling too, a server does not."""
    listed = re.fullmatch(r"[Ll]ist\[(.+)\]", kind)
    mapped = re.fullmatch(r"[Dd]ict[(\[]str, (.+)[)\]]", kind)
    if listed and isinstance(value, list):
        for index, item in enumerate(value):
            yield from of_model(item, listed[1], f"{path}[{index}]")
    elif mapped and isinstance(value, dict):
        for key, item in value.items():
            yield from of_model(item, mapped[1], f"{path}.{key}")
            if path.rsplit(".", 1)[-1] in QUANTITIES and not QUANTITY.match(str(item)):
                yield f"{path}.{key}: {item!r} is no quantity"
    elif hasattr(models, kind) and isinstance(value, dict):
        model = getattr(models, kind)
        fields = {wire: python for python, wire in model.attribute_map.items()}
        for wire, inner in value.items():
            if wire in fields:
                yield from of_model(inner, model.openapi_types[fields[wire]], f"{path}.{wire}")
            else:
                yield f"{path}.{wire} is no field of {kind}"
