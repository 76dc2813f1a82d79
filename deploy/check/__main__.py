"""Checks what Roomlog ships with, without running it: python deploy/check

docker-compose.yml and its override against this project's rules; the manifests of deploy/kubernetes strictly against
Kubernetes' own types, and then against each other. Each rule is tried on a copy that breaks it first: a check that can't
fail says nothing.
"""
import pathlib
import sys

import broken
import compose
import kinds
import manifests
import settings

TOP = pathlib.Path(__file__).resolve().parents[2]


def main():
    names = settings.names(TOP / "docs/configuration.md")
    files = {"docker-compose.yml": compose.load(TOP / "docker-compose.yml")}
    files["compose.override.yml"] = compose.load(TOP / "compose.override.yml")
    documents = manifests.load(TOP / "deploy/kubernetes")

    def complaints(files, documents):
        found = compose.complaints(files["docker-compose.yml"], files["compose.override.yml"], names, TOP)
        mistyped = [complaint for document in documents for complaint in kinds.complaints(document)]
        # What is not of its type can't be looked at closer.
        return found + (mistyped or manifests.complaints(documents, names))

    found = complaints(files, documents)
    tried, found_by_trying = broken.unnoticed(complaints, files, documents)
    for complaint in found + found_by_trying:
        print(f"FAIL  {complaint}")
    services = len(files["docker-compose.yml"]["services"])
    print(f"shipped: {services} services, {len(documents)} manifests, {tried} breakages tried, "
          f"{len(found + found_by_trying)} complaints")
    return 1 if found or found_by_trying else 0


sys.exit(main())
