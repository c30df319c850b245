package main

import (
	"context"
	"strings"
	"sync"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

// signalMemory keeps what end-to-end encryption needs: sessions and sender keys by address, and who has which LID.
type signalMemory struct {
	lock       sync.Mutex
	sessions   map[string][]byte
	senderKeys map[string][]byte // group and address, with a blank between them
	lids       map[string]string // user of a number -> user of a LID, and back
}

func newSignalMemory() signalMemory {
	return signalMemory{sessions: map[string][]byte{}, senderKeys: map[string][]byte{}, lids: map[string]string{}}
}

func (m *signalMemory) GetSession(_ context.Context, address string) ([]byte, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	return m.sessions[address], nil
}

func (m *signalMemory) HasSession(_ context.Context, address string) (bool, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	_, found := m.sessions[address]
	return found, nil
}

func (m *signalMemory) GetManySessions(_ context.Context, addresses []string) (map[string][]byte, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	out := make(map[string][]byte, len(addresses))
	for _, address := range addresses {
		out[address] = m.sessions[address]
	}
	return out, nil
}

func (m *signalMemory) PutSession(_ context.Context, address string, session []byte) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.sessions[address] = session
	return nil
}

func (m *signalMemory) PutManySessions(_ context.Context, sessions map[string][]byte) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	for address, session := range sessions {
		m.sessions[address] = session
	}
	return nil
}

func (m *signalMemory) DeleteAllSessions(_ context.Context, user string) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	for address := range m.sessions {
		if strings.HasPrefix(address, user+":") {
			delete(m.sessions, address)
		}
	}
	return nil
}

func (m *signalMemory) DeleteSession(_ context.Context, address string) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	delete(m.sessions, address)
	return nil
}

func (m *signalMemory) MigratePNToLID(_ context.Context, number, lid types.JID) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	move := func(records map[string][]byte) {
		for address, record := range records {
			group, rest, isSenderKey := strings.Cut(address, " ")
			if !isSenderKey {
				group, rest = "", address
			}
			if device, found := strings.CutPrefix(rest, number.SignalAddressUser()+":"); found {
				delete(records, address)
				if isSenderKey {
					group += " "
				}
				records[group+lid.SignalAddressUser()+":"+device] = record
			}
		}
	}
	move(m.sessions)
	move(m.senderKeys)
	return nil
}

func (m *signalMemory) PutSenderKey(_ context.Context, group, user string, session []byte) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.senderKeys[group+" "+user] = session
	return nil
}

func (m *signalMemory) GetSenderKey(_ context.Context, group, user string) ([]byte, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	return m.senderKeys[group+" "+user], nil
}

func (m *signalMemory) PutLIDMapping(_ context.Context, lid, number types.JID) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.lids[number.User] = lid.User
	m.lids[lid.User] = number.User
	return nil
}

func (m *signalMemory) PutManyLIDMappings(ctx context.Context, mappings []store.LIDMapping) error {
	for _, mapping := range mappings {
		_ = m.PutLIDMapping(ctx, mapping.LID, mapping.PN)
	}
	return nil
}

func (m *signalMemory) other(jid types.JID, server string) types.JID {
	m.lock.Lock()
	defer m.lock.Unlock()
	user, found := m.lids[jid.User]
	if !found {
		return types.EmptyJID
	}
	return types.JID{User: user, Device: jid.Device, Server: server}
}

func (m *signalMemory) GetLIDForPN(_ context.Context, number types.JID) (types.JID, error) {
	return m.other(number, types.HiddenUserServer), nil
}

func (m *signalMemory) GetPNForLID(_ context.Context, lid types.JID) (types.JID, error) {
	return m.other(lid, types.DefaultUserServer), nil
}

func (m *signalMemory) GetManyLIDsForPNs(_ context.Context, numbers []types.JID) (map[types.JID]types.JID, error) {
	out := map[types.JID]types.JID{}
	for _, number := range numbers {
		if lid := m.other(number, types.HiddenUserServer); !lid.IsEmpty() {
			out[number] = lid
		}
	}
	return out, nil
}
