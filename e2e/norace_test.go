//go:build !race

package e2e_test

// raceDetector tells whether the tests run with the race detector.
const raceDetector = false
