package config

// SSL is the section [ssl]: TLS for the listener, if there is a certificate.
type SSL struct {
	CertFile string
	KeyFile  string
}

// Enabled reports whether the listener speaks TLS.
func (s SSL) Enabled() bool { return s.CertFile != "" }

var sslOptions = []Option{
	// Nova leaves TLS to the web server in front of it. The names of the options are those of
	// oslo.service.
	{
		Name: "cert_file", at: func(c *Config) any { return &c.SSL.CertFile },
		Help: "A file with the certificate of the listener, in PEM, followed by those of its issuers. With it, only TLS is spoken. The files are read again when they change, and at SIGHUP.",
	},
	{
		Name: "key_file", at: func(c *Config) any { return &c.SSL.KeyFile },
		Help: "A file with the key of the certificate, in PEM.",
	},
}
