// A whatsmeow client that links itself at the address it is given, and says what happens to it in JSON lines:
//
//	{"event":"qr","codes":[...]}            pair-device arrived; the texts a phone scans, in order
//	{"event":"paired","jid":...,"lid":...}  the account's identity was verified and signed
//	{"event":"connected","prekeys":812}     the login after 515 took <success>, uploaded prekeys and went active
//	{"event":"code","code":"ABCD-1234"}     a pairing code that the server knows of
//	{"event":"message","id":...,"chat":...,"sender":...,"own":false,"text":...}
//	{"event":"receipt","ids":[...],"type":"","sender":...}
//	{"event":"history","type":"RECENT","chats":3,"messages":57}
//	{"event":"appState","index":[...]}      a change of app state was read
//	{"event":"sent","id":...}               the server has acknowledged a message
//	{"event":"error","message":...}         it gave up, or a command failed
//
// Standard input takes commands, one a line: "code <number>" asks for a pairing code, "login" opens another connection
// with what the device keeps, "send <JID> <text>" writes, "mute <JID>" changes app state. It ends when its standard input does.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	waLog "go.mau.fi/whatsmeow/util/log"
	"google.golang.org/protobuf/proto"
)

func say(event string, fields map[string]any) {
	if fields == nil {
		fields = map[string]any{}
	}
	fields["event"] = event
	line, _ := json.Marshal(fields)
	fmt.Println(string(line))
}

// pointAt makes an HTTP client whose every TLS connection goes to the simulator, whatever host the URL names:
// whatsmeow's own URL is a constant.
func pointAt(target *url.URL, roots *x509.CertPool) *http.Client {
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, target.Host)
		if err != nil || target.Scheme == "ws" {
			return conn, err
		}
		secure := tls.Client(conn, &tls.Config{ServerName: "web.whatsapp.com", RootCAs: roots})
		return secure, secure.HandshakeContext(ctx)
	}
	return &http.Client{Transport: &http.Transport{DialTLSContext: dial}}
}

func run() error {
	address := flag.String("url", "", "the simulator's ws:// or wss:// URL")
	root := flag.String("root", "", "the root key of its certificate chain, hex")
	authority := flag.String("ca", "", "PEM file of its TLS root, for wss://")
	stored := flag.String("store", "", "keep the device in this SQLite file, as whatsmeow does; else in memory")
	verbose := flag.Bool("v", false, "whatsmeow's own log on standard error")
	flag.Parse()

	target, err := url.Parse(*address)
	if err != nil {
		return err
	}
	key, err := hex.DecodeString(*root)
	if err != nil || len(key) != len(whatsmeow.WACertPubKey) {
		return errors.New("-root: 32 bytes in hex expected")
	}
	copy(whatsmeow.WACertPubKey[:], key)
	var roots *x509.CertPool
	if *authority != "" {
		pem, err := os.ReadFile(*authority)
		if err != nil {
			return err
		}
		roots = x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return errors.New("-ca: no certificate in that file")
		}
	}

	log := waLog.Noop
	if *verbose {
		log = stderrLog{module: "whatsmeow"}
	}
	device := newDevice()
	if *stored != "" {
		if device, err = storedDevice(*stored, log); err != nil {
			return err
		}
	}
	client := whatsmeow.NewClient(device, log)
	transport := pointAt(target, roots)
	client.SetPreLoginHTTPClient(transport)
	client.SetWebsocketHTTPClient(transport)
	client.SetMediaHTTPClient(transport)
	client.EmitAppStateEventsOnFullSync = true
	client.AddEventHandler(func(event any) { report(device, event) })
	if err := client.Connect(); err != nil {
		return err
	}
	defer client.Disconnect()
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if err := obey(client, lines.Text()); err != nil {
			say("error", map[string]any{"message": err.Error()})
		}
	}
	return lines.Err()
}

func obey(client *whatsmeow.Client, command string) error {
	if number, found := strings.CutPrefix(command, "code "); found {
		code, err := client.PairPhone(context.Background(), number, false, whatsmeow.PairClientChrome, "Chrome (Linux)")
		if err != nil {
			return err
		}
		say("code", map[string]any{"code": code})
		return nil
	}
	if rest, found := strings.CutPrefix(command, "send "); found {
		name, text, _ := strings.Cut(rest, " ")
		to, err := types.ParseJID(name)
		if err != nil {
			return err
		}
		sent, err := client.SendMessage(context.Background(), to, &waE2E.Message{Conversation: proto.String(text)})
		if err != nil {
			return err
		}
		say("sent", map[string]any{"id": sent.ID})
		return nil
	}
	if name, found := strings.CutPrefix(command, "mute "); found {
		chat, err := types.ParseJID(name)
		if err != nil {
			return err
		}
		return client.SendAppState(context.Background(), appstate.BuildMute(chat, true, 8*time.Hour))
	}
	if command == "login" {
		client.Disconnect()
		return client.Connect()
	}
	return fmt.Errorf("unknown command: %s", command)
}

func report(device *store.Device, event any) {
	switch event := event.(type) {
	case *events.QR:
		say("qr", map[string]any{"codes": event.Codes})
	case *events.PairSuccess:
		say("paired", map[string]any{
			"jid": event.ID.String(), "lid": event.LID.String(),
			"platform": event.Platform, "businessName": event.BusinessName,
		})
	case *events.Connected:
		uploaded, _ := device.PreKeys.UploadedPreKeyCount(context.Background())
		say("connected", map[string]any{"prekeys": uploaded})
	case *events.Message:
		text := event.Message.GetConversation()
		if text == "" {
			text = event.Message.GetExtendedTextMessage().GetText()
		}
		say("message", map[string]any{
			"id": event.Info.ID, "chat": event.Info.Chat.String(), "sender": event.Info.Sender.String(),
			"own": event.Info.IsFromMe, "text": text, "pushName": event.Info.PushName,
		})
	case *events.UndecryptableMessage:
		say("undecryptable", map[string]any{"id": event.Info.ID})
	case *events.Receipt:
		say("receipt", map[string]any{
			"ids": event.MessageIDs, "type": string(event.Type), "sender": event.Sender.String(),
		})
	case *events.HistorySync:
		messages := 0
		for _, conversation := range event.Data.GetConversations() {
			messages += len(conversation.GetMessages())
		}
		say("history", map[string]any{
			"type": event.Data.GetSyncType().String(), "chats": len(event.Data.GetConversations()), "messages": messages,
		})
	case *events.AppState:
		say("appState", map[string]any{"index": event.Index})
	case *events.PairError:
		say("error", map[string]any{"message": event.Error.Error()})
	case *events.ConnectFailure:
		say("error", map[string]any{"message": event.Reason.String()})
	case *events.StreamError:
		say("error", map[string]any{"message": "stream error " + event.Code})
	case *events.LoggedOut:
		say("error", map[string]any{"message": "logged out: " + event.Reason.String()})
	case *events.ClientOutdated:
		say("error", map[string]any{"message": "client outdated"})
	}
}

func main() {
	if err := run(); err != nil {
		say("error", map[string]any{"message": err.Error()})
		os.Exit(1)
	}
}
