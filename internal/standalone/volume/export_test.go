package volume

// Shrink makes the data of volumes a thousand times smaller than their sizes say.
func (s *Service) Shrink() { s.gigabyte = 1 << 20 }
