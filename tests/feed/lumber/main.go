// Elastic's lumberjack client sends events in windows and prints how many were acknowledged.
// usage: lumber ADDRESS FROM-TO WINDOW COMPRESSION [CA CERTIFICATE KEY]        records FROM to TO - 1
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	v2 "github.com/elastic/go-lumber/client/v2"
)

func number(s string) int {
	n, err := strconv.Atoi(s)
	check(err)
	return n
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func dialer() func(network, address string) (net.Conn, error) {
	if len(os.Args) < 8 {
		return net.Dial
	}
	pem, err := os.ReadFile(os.Args[5])
	check(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	pair, err := tls.LoadX509KeyPair(os.Args[6], os.Args[7])
	check(err)
	conf := &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}, ServerName: "crosstap.lab"}
	return func(network, address string) (net.Conn, error) { return tls.Dial(network, address, conf) }
}

func main() {
	from, to, _ := strings.Cut(os.Args[2], "-")
	begin, end, window := number(from), number(to), number(os.Args[3])
	client, err := v2.SyncDialWith(dialer(), os.Args[1], v2.CompressionLevel(number(os.Args[4])), v2.Timeout(20*time.Second))
	check(err)
	acked := 0
	for first := begin; first < end; first += window {
		batch := []interface{}{}
		for i := first; i < first+window && i < end; i++ {
			batch = append(batch, map[string]interface{}{"record": i, "message": fmt.Sprintf("event %d of %d", i, end)})
		}
		n, err := client.Send(batch)
		acked += n
		if err != nil {
			fmt.Println(acked)
			check(err)
		}
	}
	fmt.Println(acked)
	check(client.Close())
}
