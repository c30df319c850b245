package main

import (
	"context"

	_ "github.com/mattn/go-sqlite3"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/store/sqlstore"
	waLog "go.mau.fi/whatsmeow/util/log"
)

// storedDevice is the device of a SQLite store of whatsmeow's own, or a new one that will be kept there. The store has a
// write-ahead log and is never closed, as where a program is ended.
func storedDevice(path string, log waLog.Logger) (*store.Device, error) {
	address := "file:" + path + "?_foreign_keys=on&_journal_mode=WAL"
	container, err := sqlstore.New(context.Background(), "sqlite3", address, log)
	if err != nil {
		return nil, err
	}
	return container.GetFirstDevice(context.Background())
}
