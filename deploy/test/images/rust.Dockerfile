# Stands in for docker.io/library/rust:1.95.0-bookworm where no registry can be reached: Debian's compiler, and the Rust
# toolchain of this machine (`toolchain` in the build's folder), which trusts whom this machine trusts (`trusted.pem`).
FROM docker.io/library/debian:12.12-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential ca-certificates git libssl-dev mold perl pkg-config \
        python3 zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
COPY trusted.pem /etc/ssl/certs/ca-certificates.crt
COPY toolchain /usr/local/rustup/toolchain
ENV CARGO_HOME=/usr/local/cargo PATH=/usr/local/rustup/toolchain/bin:$PATH
