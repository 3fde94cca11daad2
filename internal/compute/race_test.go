//go:build race

package compute_test

// raceDetector tells whether the tests run with the race detector.
const raceDetector = true
