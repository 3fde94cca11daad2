package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

// The tests of what is in deploy read it as its tools would and hold it to what the
// program knows: nothing is started.

const deployFolder = "../../deploy"

// checkEnvironment makes sure that the program understands environment variables, and
// gives the options that are in effect with them.
func checkEnvironment(t *testing.T, name string, environment map[string]string) string {
	t.Helper()
	var environ []string
	for key, value := range environment {
		if strings.HasPrefix(key, "NOVA_") {
			environ = append(environ, key+"="+value)
		}
	}
	code, stdout, stderr := execute(t, environ, "config", "--show")
	if code != exitOK || stderr != "" {
		t.Errorf("%s: code %d, %s", name, code, stderr)
	}
	return stdout
}

// option reads an option from what config --show prints.
func option(t *testing.T, shown, name string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^` + name + ` = (.*)$`).FindStringSubmatch(shown)
	if found == nil {
		t.Fatalf("no %s is in effect", name)
	}
	return found[1]
}

// checkProbe makes sure that a probe is a command of the program that asks the address
// at which probes are answered.
func checkProbe(t *testing.T, name, listen string, command []string) {
	t.Helper()
	if len(command) != 3 || command[0] != "/usr/bin/nova-api" || command[1] != "health" ||
		!slices.Contains([]string{"http://" + listen + "/healthz", "http://" + listen + "/readyz"}, command[2]) {
		t.Errorf("%s: the probe %q does not ask %s", name, command, listen)
	}
}

var allRoles = []string{"api", "compute", "scheduler"}

func TestDeploy_Compose(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(deployFolder, "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	filled := regexp.MustCompile(`\$\{[A-Z_]+:\?[^}]*\}`).ReplaceAllString(string(text), "secret")
	var file struct {
		Services map[string]struct {
			Image       string
			Hostname    string
			Environment map[string]string
			Volumes     []string
			Healthcheck struct{ Test []string }
		}
		Volumes map[string]any
	}
	if err := yaml.Unmarshal([]byte(filled), &file); err != nil {
		t.Fatal(err)
	}
	roles, hostnames := []string{}, map[string]bool{}
	for name, service := range file.Services {
		for _, mount := range service.Volumes {
			volume, _, _ := strings.Cut(mount, ":")
			if _, ok := file.Volumes[volume]; !ok {
				t.Errorf("%s has a volume %s, which there is not", name, volume)
			}
		}
		if service.Image != "nova-api" {
			continue
		}
		shown := checkEnvironment(t, name, service.Environment)
		roles = append(roles, option(t, shown, "roles"))
		checkProbe(t, name, option(t, shown, "admin_listen"), service.Healthcheck.Test[1:])
		if hostnames[service.Hostname] || service.Hostname == "" {
			t.Errorf("%s has no name of its own among the processes: %q", name, service.Hostname)
		}
		hostnames[service.Hostname] = true
	}
	slices.Sort(roles)
	if diff := cmp.Diff(allRoles, roles); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
}

// chart renders the templates of the chart with the functions of Helm's that they use.
func chart(t *testing.T, change func(values map[string]any)) []map[string]any {
	t.Helper()
	folder := filepath.Join(deployFolder, "helm", "nova-api")
	text, err := os.ReadFile(filepath.Join(folder, "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{}
	if err := yaml.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	change(values)
	all := template.New("chart").Option("missingkey=error")
	all.Funcs(helmFunctions(all))
	paths, err := filepath.Glob(filepath.Join(folder, "templates", "*"))
	if err != nil || len(paths) == 0 {
		t.Fatal(err, "no templates")
	}
	if _, err := all.ParseFiles(paths...); err != nil {
		t.Fatal(err)
	}
	release := map[string]any{"Name": "nova"}
	var objects []map[string]any
	for _, path := range paths {
		var rendered bytes.Buffer
		if err := all.ExecuteTemplate(&rendered, filepath.Base(path), map[string]any{"Values": values, "Release": release, "Chart": map[string]any{"AppVersion": "latest"}}); err != nil {
			t.Fatal(err)
		}
		for part := range strings.SplitSeq(rendered.String(), "\n---\n") {
			var object map[string]any
			if err := yaml.Unmarshal([]byte(part), &object); err != nil {
				t.Fatalf("%s: %v\n%s", path, err, part)
			}
			if object != nil {
				objects = append(objects, object)
			}
		}
	}
	return objects
}

func helmFunctions(all *template.Template) template.FuncMap {
	return template.FuncMap{
		"include": func(name string, data any) (string, error) {
			var b strings.Builder
			err := all.ExecuteTemplate(&b, name, data)
			return b.String(), err
		},
		"nindent": func(n int, text string) string {
			indent := "\n" + strings.Repeat(" ", n)
			return indent + strings.ReplaceAll(text, "\n", indent)
		},
		"quote": func(text string) string { return fmt.Sprintf("%q", text) },
		"default": func(otherwise, value string) string {
			if value == "" {
				return otherwise
			}
			return value
		},
		"required": func(message, value string) (string, error) {
			if value == "" {
				return "", fmt.Errorf("wants %s", message)
			}
			return value, nil
		},
		"dict": func(pairs ...any) map[string]any {
			d := map[string]any{}
			for i := 0; i < len(pairs); i += 2 {
				d[pairs[i].(string)] = pairs[i+1]
			}
			return d
		},
		"toYaml": func(value any) (string, error) {
			text, err := yaml.Marshal(value)
			return strings.TrimSpace(string(text)), err
		},
	}
}

// at is the value at a path of keys and positions.
func at(t *testing.T, value any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch s := step.(type) {
		case string:
			value = value.(map[string]any)[s]
		case int:
			value = value.([]any)[s]
		}
		if value == nil {
			t.Fatalf("there is no %v", path)
		}
	}
	return value
}

func TestDeploy_Helm(t *testing.T) {
	t.Parallel()
	objects := chart(t, func(values map[string]any) {
		values["database"].(map[string]any)["connection"] = "postgresql://nova:secret@db/nova"
	})
	named, roles := map[string]map[string]any{}, []string{}
	for _, object := range objects {
		named[fmt.Sprint(object["kind"], " ", at(t, object, "metadata", "name"))] = object
	}
	connection := at(t, named["Secret nova-database"], "stringData", "connection").(string)
	for _, name := range []string{"Deployment nova-api", "Deployment nova-scheduler", "StatefulSet nova-compute"} {
		spec := at(t, named[name], "spec")
		if diff := cmp.Diff(at(t, spec, "selector", "matchLabels"), at(t, spec, "template", "metadata", "labels")); diff != "" {
			t.Errorf("%s chooses other pods than its own (-chosen +own):\n%s", name, diff)
		}
		pod := at(t, spec, "template", "spec")
		container := at(t, pod, "containers", 0)
		environment := map[string]string{}
		for _, v := range at(t, container, "env").([]any) {
			variable := v.(map[string]any)
			value, given := variable["value"].(string)
			if !given {
				value = map[string]string{"NOVA_DATABASE_CONNECTION": connection, "NOVA_NOVA_API_FAKE_HOSTS": "nova-compute-0"}[variable["name"].(string)]
			}
			environment[variable["name"].(string)] = value
		}
		shown := checkEnvironment(t, name, environment)
		roles = append(roles, option(t, shown, "roles"))
		for _, probe := range []string{"livenessProbe", "readinessProbe", "startupProbe"} {
			var command []string
			for _, word := range at(t, container, probe, "exec", "command").([]any) {
				command = append(command, word.(string))
			}
			checkProbe(t, name+" "+probe, option(t, shown, "admin_listen"), command)
		}
		for _, v := range at(t, pod, "volumes").([]any) {
			volume := v.(map[string]any)
			if secret, ok := volume["secret"]; ok && named["Secret "+at(t, secret, "secretName").(string)] == nil {
				t.Errorf("%s has a secret that there is not: %v", name, secret)
			}
			if claim, ok := volume["persistentVolumeClaim"]; ok && named["PersistentVolumeClaim "+at(t, claim, "claimName").(string)] == nil {
				t.Errorf("%s has a volume that there is not: %v", name, claim)
			}
		}
	}
	slices.Sort(roles)
	if diff := cmp.Diff(allRoles, roles); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
	file := filepath.Join(t.TempDir(), "nova.conf")
	if err := os.WriteFile(file, []byte(at(t, named["Secret nova-config"], "stringData", "nova.conf").(string)), 0o600); err != nil {
		t.Fatal(err)
	}
	succeed(t, "config", "--show", "--config", file)
}

// TestDeploy_HelmWithExisting makes neither a secret nor a volume where one is named.
func TestDeploy_HelmWithExisting(t *testing.T) {
	t.Parallel()
	kinds := map[string]int{}
	for _, object := range chart(t, func(values map[string]any) {
		values["database"].(map[string]any)["existingSecret"] = "mine"
		values["state"].(map[string]any)["existingClaim"] = "mine"
		values["publicURL"] = "https://nova.example"
		values["bootstrapPassword"] = "secret"
		values["api"].(map[string]any)["resources"] = map[string]any{"limits": map[string]any{"memory": "1Gi"}}
	}) {
		kinds[object["kind"].(string)]++
		if object["kind"] == "Secret" && at(t, object, "stringData", "bootstrap-password") != "secret" {
			t.Errorf("the first users have no password: %v", object)
		}
		if object["kind"] == "Deployment" && at(t, object, "metadata", "name") == "nova-api" {
			container := at(t, object, "spec", "template", "spec", "containers", 0)
			if at(t, container, "resources", "limits", "memory") != "1Gi" || at(t, container, "env", 0, "valueFrom", "secretKeyRef", "name") != "mine" {
				t.Errorf("the container of the API: %v", container)
			}
		}
	}
	if want := map[string]int{"Deployment": 2, "StatefulSet": 1, "Service": 2, "Secret": 1}; !maps.Equal(want, kinds) {
		t.Errorf("there are %v, want %v", kinds, want)
	}
}

// TestDeploy_Systemd holds the unit to options that the program has.
func TestDeploy_Systemd(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(deployFolder, "nova-api.service"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"Type=notify", "WatchdogSec=30", "Restart=always"} {
		if !strings.Contains(string(text), "\n"+line+"\n") {
			t.Errorf("no %s", line)
		}
	}
	command := regexp.MustCompile(`(?m)^ExecStart=/usr/bin/nova-api (serve) (.*)$`).FindStringSubmatch(string(text))
	if command == nil {
		t.Fatal("it doesn't start nova-api")
	}
	empty := filepath.Join(t.TempDir(), "nova.conf")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	arguments := strings.ReplaceAll(command[2], "/etc/nova/nova.conf", empty)
	succeed(t, append([]string{"config", "--show"}, strings.Fields(arguments)...)...)
}
