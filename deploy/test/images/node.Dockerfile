# Stands in for docker.io/library/node:20.20.2-bookworm-slim where no registry can be reached: Debian, and this machine's Node
# and npm (`bin` and `lib` in the build's folder), which trust whom this machine trusts (`trusted.pem`).
FROM docker.io/library/debian:12.12-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libatomic1 \
    && rm -rf /var/lib/apt/lists/*
COPY trusted.pem /etc/ssl/certs/ca-certificates.crt
COPY bin /usr/local/bin
COPY lib /usr/local/lib
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
