package image

import (
	"net/http"
	"slices"
)

// NewUploadID names an upload to the service's folder.
func (s *Service) NewUploadID() string { return s.newUploadID() }

// ReadPaths are the patterns of all paths that can be read.
func (s *Service) ReadPaths() []string {
	var paths []string
	for _, route := range slices.Concat(s.routes(), s.metadefRoutes()) {
		if route.method == http.MethodGet {
			paths = append(paths, route.path)
		}
	}
	return paths
}
