# ponted in a container: docs/runbook.md, "As a container".
FROM debian:12-slim AS build
WORKDIR /src
COPY . .
# npm brings the viewer of the page /docs.
RUN apt-get update && apt-get install -y --no-install-recommends npm && tools/setup.sh package
RUN cmake --preset release -DPONTE_TESTS=OFF -DPONTE_BENCH=OFF \
 && cmake --build --preset release --target ponted ponte \
 && DESTDIR=/installed cmake --install build/release --prefix /usr --strip

FROM debian:12-slim
# The libraries that dpkg-shlibdeps finds, and the roots of TLS: tests/package/container.test.mjs.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates \
    libc6 libcurl4 libfmt9 libgcc-s1 libpistache0 libpng16-16 libprometheus-cpp-core1.0 libprotobuf-lite32 \
    libqrencode4 librocksdb7.8 libsignal-protocol-c2.3.2 libsodium23 libspdlog1.10 libsqlite3-0 libssl3 \
    libstdc++6 libtomlplusplus3 zlib1g \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --system --gid 10001 ponte \
 && useradd --system --uid 10001 --gid ponte --home-dir /var/lib/ponte --no-create-home --shell /usr/sbin/nologin ponte \
 && install -d -o ponte -g ponte -m 0700 /var/lib/ponte
COPY --from=build /installed/usr/bin/ /usr/bin/
COPY --from=build /installed/usr/share/doc/ponte/ /usr/share/doc/ponte/
ENV PONTE_DATA_DIR=/var/lib/ponte PONTE_LISTEN=0.0.0.0:8080 PONTE_WS_LISTEN=0.0.0.0:8081
VOLUME /var/lib/ponte
EXPOSE 8080 8081
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${PONTE_LISTEN##*:} && printf 'GET /health HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["/usr/bin/ponted"]
