# Roomlog in a container: one binary, `roomlog`, on Debian's slim image.
#
#   docker build -t roomlog:0.1.0 --build-arg REVISION=$(git rev-parse HEAD) .
#
# What must hold: it runs as nobody in particular (user 10001), on a root that is read-only, and writes nothing but
# /data, which only the embedded mode uses. What is in it is listed in /usr/share/roomlog/sbom.cdx.json.

FROM docker.io/library/node:20.20.2-bookworm-slim AS page
WORKDIR /src
COPY clients/typescript clients/typescript
COPY web web
RUN --mount=type=cache,id=roomlog-npm,target=/root/.npm \
    for package in clients/typescript web; do \
        npm --prefix "$package" ci --no-audit --no-fund && npm --prefix "$package" run build || exit 1; \
    done

FROM docker.io/library/rust:1.95.0-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends libssl-dev mold perl pkg-config python3 zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
COPY --from=page /src/web/dist web/dist
# Crates and what was compiled of them are kept from build to build, beside the image. Debug lines stay out of the
# image; names of functions stay in it, for backtraces.
ARG REVISION=unknown
RUN --mount=type=cache,id=roomlog-crates,target=/usr/local/cargo/registry \
    --mount=type=cache,id=roomlog-target,target=/src/target \
    ROOMLOG_COMMIT=${REVISION} cargo build --release --locked -p api --bin roomlog \
    && mkdir -p /out/usr/local/bin /out/usr/share/roomlog /out/data \
    && strip --strip-debug -o /out/usr/local/bin/roomlog target/release/roomlog \
    && deploy/sbom >/out/usr/share/roomlog/sbom.cdx.json

FROM docker.io/library/debian:12.12-slim
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=unknown
RUN apt-get update \
    && apt-get upgrade -y \
    && apt-get install -y --no-install-recommends ca-certificates libssl3 zlib1g \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin \
    && groupadd --gid 10001 roomlog \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin roomlog
COPY --from=build --chown=0:0 /out/usr /usr
COPY --from=build --chown=10001:10001 /out/data /data
USER 10001:10001
WORKDIR /data
VOLUME /data
ENV ROOMLOG_LISTEN=0.0.0.0:8080 \
    ROOMLOG_DATA_DIR=/data \
    ROOMLOG_TELEMETRY__FORMAT=json
EXPOSE 8080
# SIGTERM begins the drain (`[drain]` in docs/configuration.md); whoever stops it should give it half a minute.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 CMD ["roomlog", "health"]
ENTRYPOINT ["roomlog"]
CMD ["serve"]
LABEL org.opencontainers.image.title="Roomlog" \
    org.opencontainers.image.description="A chat engine whose only truth is a log" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.created="${CREATED}" \
    org.opencontainers.image.base.name="docker.io/library/debian:12.12-slim" \
    org.roomlog.sbom.path="/usr/share/roomlog/sbom.cdx.json" \
    org.roomlog.sbom.format="CycloneDX 1.5 JSON"
