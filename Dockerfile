# A small image with one static binary. State (SQLite, images, clouds.yaml)
# lives in the volume.
#
#   docker build -t nova-api .
#   docker run -p 8774:8774 -v nova-api:/var/lib/nova-api nova-api

FROM golang:1.26.8 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /nova-api ./cmd/nova-api

# Alpine brings the certificates for talking to other services, and the wget of
# the health check.
FROM alpine:3.22
RUN adduser -S -D -H -u 65532 -h /var/lib/nova-api nova \
	&& install -d -o nova -m 0700 /var/lib/nova-api
COPY --from=build /nova-api /usr/bin/nova-api
USER nova
WORKDIR /var/lib/nova-api
VOLUME /var/lib/nova-api
EXPOSE 8774
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
	CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8774/readyz"]
ENTRYPOINT ["nova-api"]
CMD ["serve", "--listen", "0.0.0.0:8774", "--state-dir", "/var/lib/nova-api"]
