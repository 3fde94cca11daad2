{{- define "nova-api.labels" -}}
app.kubernetes.io/name: nova-api
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{- define "nova-api.databaseSecret" -}}
{{ default (printf "%s-database" .Release.Name) .Values.database.existingSecret }}
{{- end }}

{{- /* The pod of a role. A process is the same whatever it plays: the role is an option. */}}
{{- define "nova-api.pod" -}}
metadata:
  labels:
    {{- include "nova-api.labels" . | nindent 4 }}
spec:
  terminationGracePeriodSeconds: 75 # more than graceful_shutdown_timeout
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: {{ .role }}
      image: "{{ .root.Values.image.repository }}:{{ default .root.Chart.AppVersion .root.Values.image.tag }}"
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      args: ["serve", "--config", "/etc/nova/nova.conf", "--listen", "0.0.0.0:8774", "--state-dir", "/var/lib/nova-api"]
      env:
        - name: NOVA_DATABASE_CONNECTION
          valueFrom:
            secretKeyRef:
              name: {{ include "nova-api.databaseSecret" .root }}
              key: {{ .root.Values.database.secretKey }}
        - name: NOVA_NOVA_API_ROLES
          value: {{ .role }}
        - name: NOVA_NOVA_API_ADMIN_LISTEN
          value: {{ .root.Values.adminListen | quote }}
        {{- if .root.Values.publicURL }}
        - name: NOVA_NOVA_API_PUBLIC_URL
          value: {{ .root.Values.publicURL | quote }}
        {{- end }}
        {{- if and (eq .role "api") .root.Values.bootstrapPassword }}
        - name: NOVA_BOOTSTRAP_PASSWORD
          valueFrom:
            secretKeyRef:
              name: {{ .root.Release.Name }}-config
              key: bootstrap-password
        {{- end }}
        {{- if eq .role "compute" }}
        - name: NOVA_NOVA_API_FAKE_HOSTS
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        {{- end }}
      {{- if eq .role "api" }}
      ports:
        - name: http
          containerPort: 8774
      {{- end }}
      # A process that doesn't answer is started anew; while the database is away, it is
      # only taken out of service.
      livenessProbe:
        exec:
          command: ["/usr/bin/nova-api", "health", "http://127.0.0.1:9774/healthz"]
        timeoutSeconds: 5
      readinessProbe:
        exec:
          command: ["/usr/bin/nova-api", "health", "http://127.0.0.1:9774/readyz"]
        timeoutSeconds: 5
      startupProbe:
        exec:
          command: ["/usr/bin/nova-api", "health", "http://127.0.0.1:9774/healthz"]
        timeoutSeconds: 5
        failureThreshold: 60
      resources:
        {{- toYaml .resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: ["ALL"]
      volumeMounts:
        - name: config
          mountPath: /etc/nova
          readOnly: true
        - name: state
          mountPath: /var/lib/nova-api
        - name: tmp
          mountPath: /tmp
  volumes:
    - name: config
      secret:
        secretName: {{ .root.Release.Name }}-config
        items:
          - key: nova.conf
            path: nova.conf
    - name: state
      persistentVolumeClaim:
        claimName: {{ default (printf "%s-state" .root.Release.Name) .root.Values.state.existingClaim }}
    - name: tmp
      emptyDir: {}
{{- end }}
