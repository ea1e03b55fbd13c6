// Licensed under the Apache License, Version 2.0; see LICENSE.

package main

import (
	"fmt"
	"os"
	"reflect"
)

// Test results for t/harness.
var count int

// is prints whether both values are the same.
func is(got, wanted any, what string) {
	count++
	if reflect.DeepEqual(got, wanted) {
		fmt.Printf("ok %d - %s\n", count, what)
		return
	}
	fmt.Printf("not ok %d - %s\n", count, what)
	fmt.Fprintf(os.Stderr, "%s\n  got:    %v\n  wanted: %v\n", what, got, wanted)
}

// must is the value of a request that may not fail.
func must[T any](value T, err error) T {
	done(err)
	return value
}

// done ends the tests if there is an error.
func done(err error) {
	if err != nil {
		panic(err)
	}
}

// run runs the tests; a panic is a failure.
func run(tests func()) {
	defer func() {
		if failure := recover(); failure != nil {
			is(failure, "none", "the tests come to an end")
		}
		fmt.Printf("1..%d\n", count)
	}()
	tests()
}
