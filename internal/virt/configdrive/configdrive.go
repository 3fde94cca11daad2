// Package configdrive makes what is on the config drive of a server: the files
// by which it learns who it is, in OpenStack's layout. How these get onto a
// disk is the driver's business.
package configdrive

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// Latest is the folder that guests look into which don't mind the version.
const Latest = "openstack/latest"

// The versions of the metadata in which something was added to it: their
// folders are called so, and guests compare them as texts.
const (
	folsom    = "2012-08-10"
	grizzly   = "2013-04-04" // random_seed
	havana    = "2013-10-17" // vendor_data.json
	liberty   = "2015-10-15" // project_id, network_data.json
	newton    = "2016-06-30" // devices
	newtonTwo = "2016-10-06" // vendor_data2.json
	ocata     = "2017-02-22"
	rocky     = "2018-08-27" // vf_trusted of devices
	victoria  = "2020-10-14" // dedicated_cpus
	epoxy     = "2025-04-04"
	latest    = "latest"
)

// versions are the folders of a config drive, oldest first. Each holds the whole
// of the metadata, so that a guest that knows an old one needs no other.
var versions = []string{folsom, grizzly, havana, liberty, newton, newtonTwo, ocata, rocky, victoria, epoxy, latest}

// Files are all files of a server's config drive. The contents of the files that a
// client gave are numbered, and meta_data.json says where each belongs. Every
// version is written out, since a guest may ask for any of them. The error is of
// the random source.
func Files(s nova.Server, b virt.Build) ([]virt.File, error) {
	seed := make([]byte, seedBytes)
	if _, err := rand.Read(seed); err != nil {
		return nil, fmt.Errorf("random seed: %w", err)
	}
	var files []virt.File
	for _, version := range versions {
		documents := []struct {
			name    string
			since   string
			content any
		}{
			{"meta_data.json", folsom, metaData(s, b, seed, version)},
			{"vendor_data.json", havana, struct{}{}},
			{"network_data.json", liberty, networkData(b.NICs)},
			{"vendor_data2.json", newtonTwo, struct{}{}},
		}
		for _, document := range documents {
			if version < document.since {
				continue
			}
			data, err := json.Marshal(document.content)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", document.name, err)
			}
			files = append(files, virt.File{Path: "openstack/" + version + "/" + document.name, Data: data})
		}
		if s.UserData != nil {
			files = append(files, virt.File{Path: "openstack/" + version + "/user_data", Data: nova.FromBase64(*s.UserData)})
		}
	}
	for i, file := range b.Files {
		files = append(files, virt.File{Path: contentPath(i), Data: file.Data})
	}
	return files, nil
}

// seedBytes is how much randomness a guest is given at its first boot, as in Nova.
const seedBytes = 512

// contentPath is where the contents of a client's file are.
func contentPath(number int) string { return fmt.Sprintf("openstack/content/%04d", number) }

// metaData is meta_data.json in one version: _metadata_as_json in
// nova/api/metadata/base.py.
func metaData(s nova.Server, b virt.Build, seed []byte, version string) map[string]any {
	data := map[string]any{
		"uuid": s.ID, "hostname": s.Hostname, "name": s.Name, "launch_index": s.LaunchIndex, "availability_zone": s.Zone,
	}
	add := func(since, name string, value any, have bool) {
		if have && version >= since {
			data[name] = value
		}
	}
	add(folsom, "meta", s.Metadata, len(s.Metadata) > 0)
	add(folsom, "files", fileList(b.Files), len(b.Files) > 0)
	add(folsom, "admin_pass", b.Password, b.Password != "")
	if s.KeyName != nil {
		name, public := *s.KeyName, s.PublicKey
		data["public_keys"] = map[string]string{name: public}
		data["keys"] = []map[string]string{{"name": name, "type": keyType(public), "data": public}}
	}
	add(grizzly, "random_seed", base64.StdEncoding.EncodeToString(seed), true)
	add(liberty, "project_id", s.ProjectID, true)
	add(newton, "devices", devices(b.NICs, version), true)
	add(victoria, "dedicated_cpus", []int{}, true)
	return data
}

// keyType is the type of a key pair, which servers don't keep.
func keyType(public string) string {
	if strings.HasPrefix(public, "-----BEGIN CERTIFICATE") {
		return "x509"
	}
	return "ssh"
}

// fileList says where the contents of each file are.
func fileList(files []virt.File) []map[string]string {
	list := make([]map[string]string, len(files))
	for i, file := range files {
		list[i] = map[string]string{"path": file.Path, "content_path": strings.TrimPrefix(contentPath(i), "openstack")}
	}
	return list
}

// devices are the connections that have a tag, or all of them in the versions
// in which each has something else to tell.
func devices(nics []virt.NIC, version string) []map[string]any {
	list := []map[string]any{}
	for _, nic := range nics {
		device := map[string]any{"type": "nic", "bus": "none", "address": "none", "mac": nic.MAC}
		if nic.Tag != "" {
			device["tags"] = []string{nic.Tag}
		}
		if version >= rocky {
			device["vf_trusted"] = false
		}
		if nic.Tag != "" || version >= rocky {
			list = append(list, device)
		}
	}
	return list
}

// networkData is network_data.json: nothing for a server without a network.
// Guests ask DHCP for everything but the address of a link.
func networkData(nics []virt.NIC) map[string]any {
	if len(nics) == 0 {
		return map[string]any{}
	}
	links, networks := []map[string]any{}, []map[string]any{}
	for _, nic := range nics {
		const deviceLength = 14 // of the name that the host has for the device
		link := "tap" + nic.PortID
		link = link[:min(len(link), deviceLength)]
		links = append(links, map[string]any{
			"id": link, "vif_id": nic.PortID, "type": "phy", "mtu": nil, "ethernet_mac_address": nic.MAC,
		})
		seen := map[string]bool{}
		for _, ip := range nic.IPs {
			kind := "ipv4_dhcp"
			if strings.Contains(ip, ":") {
				kind = "ipv6_dhcp"
			}
			if !seen[kind] { // one of each on a link
				seen[kind] = true
				networks = append(networks, map[string]any{
					"id": fmt.Sprintf("network%d", len(networks)), "type": kind, "link": link, "network_id": nic.NetworkID,
				})
			}
		}
	}
	return map[string]any{"links": links, "networks": networks, "services": []any{}}
}
