// Go's HTTP server. It tells in the answer's head what it read of a request, and goes on.
package main

import (
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
)

func tell(answer http.ResponseWriter, request *http.Request) {
	digest := md5.New()
	if _, err := io.Copy(digest, request.Body); err != nil {
		answer.Header().Set("Connection", "close")
		answer.WriteHeader(http.StatusBadRequest)
		return
	}
	target := base64.StdEncoding.EncodeToString([]byte(request.RequestURI))
	answer.Header().Set("X-Read", fmt.Sprintf("%x %s", digest.Sum(nil), target))
	answer.Header().Set("Content-Length", "0")
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("strict", listener.Addr().(*net.TCPAddr).Port)
	// Ends with the test that started it.
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	server := http.Server{
		Handler:                      http.HandlerFunc(tell),
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     log.New(io.Discard, "", 0),
	}
	log.Fatal(server.Serve(listener))
}
