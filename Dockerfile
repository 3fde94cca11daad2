# One static binary and nothing else. State (SQLite, images, clouds.yaml) lives
# in the volume.
#
#   docker build -t nova-api .
#   docker run -p 8774:8774 -v nova-api:/var/lib/nova-api nova-api

FROM golang:1.26.8 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /out/nova-api ./cmd/nova-api
# The last stage has no shell to make folders with.
RUN install -d -m 0700 /out/state && install -d -m 1777 /out/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/nova-api /usr/bin/nova-api
COPY --from=build /out/tmp /tmp
COPY --from=build --chown=65532:65532 /out/state /var/lib/nova-api
USER 65532:65532
WORKDIR /var/lib/nova-api
VOLUME /var/lib/nova-api
EXPOSE 8774
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s CMD ["/usr/bin/nova-api", "health"]
ENTRYPOINT ["/usr/bin/nova-api"]
CMD ["serve", "--listen", "0.0.0.0:8774", "--state-dir", "/var/lib/nova-api"]
