package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"

	"go.mau.fi/util/random"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/util/keys"
	waLog "go.mau.fi/whatsmeow/util/log"
)

// noopStore keeps nothing.
type noopStore struct{ store.NoopStore }

// memoryStore keeps prekeys, what messages need, and app state. Everything else it takes and forgets.
type memoryStore struct {
	noopStore
	signalMemory
	appStateMemory
	lock     sync.Mutex
	prekeys  map[uint32]*keys.PreKey
	nextID   uint32
	upToID   uint32
	uploaded int
}

func (m *memoryStore) IsTrustedIdentity(context.Context, string, [32]byte) (bool, error) {
	return true, nil
}

func (m *memoryStore) generate() *keys.PreKey {
	m.nextID++
	key := keys.NewPreKey(m.nextID)
	m.prekeys[m.nextID] = key
	return key
}

func (m *memoryStore) GenOnePreKey(context.Context) (*keys.PreKey, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	return m.generate(), nil
}

func (m *memoryStore) GetOrGenPreKeys(_ context.Context, count uint32) ([]*keys.PreKey, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	batch := make([]*keys.PreKey, 0, count)
	for id := m.upToID + 1; uint32(len(batch)) < count; id++ {
		key, known := m.prekeys[id]
		if !known {
			key = m.generate()
		}
		batch = append(batch, key)
	}
	return batch, nil
}

func (m *memoryStore) GetPreKey(_ context.Context, id uint32) (*keys.PreKey, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	return m.prekeys[id], nil
}

func (m *memoryStore) RemovePreKey(_ context.Context, id uint32) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	delete(m.prekeys, id)
	return nil
}

func (m *memoryStore) MarkPreKeysAsUploaded(_ context.Context, upToID uint32) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.uploaded += int(upToID - m.upToID)
	m.upToID = upToID
	return nil
}

func (m *memoryStore) UploadedPreKeyCount(context.Context) (int, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	return m.uploaded, nil
}

// newDevice makes a device that was never linked.
func newDevice() *store.Device {
	memory := &memoryStore{
		signalMemory: newSignalMemory(), appStateMemory: newAppStateMemory(), prekeys: map[uint32]*keys.PreKey{},
	}
	device := &store.Device{
		Log:            waLog.Noop,
		NoiseKey:       keys.NewKeyPair(),
		IdentityKey:    keys.NewKeyPair(),
		RegistrationID: rand.Uint32(),
		AdvSecretKey:   random.Bytes(32),
		Initialized:    true,
		Identities:     memory,
		Sessions:       memory,
		PreKeys:        memory,
		SenderKeys:     memory,
		AppStateKeys:   memory,
		AppState:       memory,
		Contacts:       memory,
		ChatSettings:   memory,
		MsgSecrets:     memory,
		PrivacyTokens:  memory,
		EventBuffer:    memory,
		LIDs:           memory,
		Container:      memory,
	}
	device.SignedPreKey = device.IdentityKey.CreateSignedPreKey(1)
	return device
}

// stderrLog is whatsmeow's log on standard error: standard output belongs to the JSON lines.
type stderrLog struct{ module string }

func (l stderrLog) print(level, format string, arguments []any) {
	fmt.Fprintf(os.Stderr, "%s %s: %s\n", level, l.module, fmt.Sprintf(format, arguments...))
}
func (l stderrLog) Warnf(format string, arguments ...any)  { l.print("warn", format, arguments) }
func (l stderrLog) Errorf(format string, arguments ...any) { l.print("error", format, arguments) }
func (l stderrLog) Infof(format string, arguments ...any)  { l.print("info", format, arguments) }
func (l stderrLog) Debugf(format string, arguments ...any) { l.print("debug", format, arguments) }
func (l stderrLog) Sub(module string) waLog.Logger         { return stderrLog{l.module + "/" + module} }
