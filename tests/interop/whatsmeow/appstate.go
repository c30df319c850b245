package main

import (
	"context"
	"sync"

	"go.mau.fi/whatsmeow/store"
)

// appStateMemory keeps the keys of app state, and how far each collection is.
type appStateMemory struct {
	lock     sync.Mutex
	keys     map[string]store.AppStateSyncKey
	latest   []byte
	versions map[string]appStateVersion
	macs     map[string][]byte // name and index MAC, with a blank between them
}

type appStateVersion struct {
	version uint64
	hash    [128]byte
}

func newAppStateMemory() appStateMemory {
	return appStateMemory{
		keys: map[string]store.AppStateSyncKey{}, versions: map[string]appStateVersion{}, macs: map[string][]byte{},
	}
}

func (m *appStateMemory) PutAppStateSyncKey(_ context.Context, id []byte, key store.AppStateSyncKey) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.keys[string(id)] = key
	m.latest = id
	return nil
}

func (m *appStateMemory) GetAppStateSyncKey(_ context.Context, id []byte) (*store.AppStateSyncKey, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	key, found := m.keys[string(id)]
	if !found {
		return nil, nil
	}
	return &key, nil
}

func (m *appStateMemory) GetLatestAppStateSyncKeyID(context.Context) ([]byte, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	return m.latest, nil
}

func (m *appStateMemory) PutAppStateVersion(_ context.Context, name string, version uint64, hash [128]byte) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.versions[name] = appStateVersion{version, hash}
	return nil
}

func (m *appStateMemory) GetAppStateVersion(_ context.Context, name string) (uint64, [128]byte, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	return m.versions[name].version, m.versions[name].hash, nil
}

func (m *appStateMemory) DeleteAppStateVersion(_ context.Context, name string) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	delete(m.versions, name)
	return nil
}

func (m *appStateMemory) PutAppStateMutationMACs(_ context.Context, name string, _ uint64, mutations []store.AppStateMutationMAC) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	for _, mutation := range mutations {
		m.macs[name+" "+string(mutation.IndexMAC)] = mutation.ValueMAC
	}
	return nil
}

func (m *appStateMemory) DeleteAppStateMutationMACs(_ context.Context, name string, indexMACs [][]byte) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	for _, mac := range indexMACs {
		delete(m.macs, name+" "+string(mac))
	}
	return nil
}

func (m *appStateMemory) GetAppStateMutationMAC(_ context.Context, name string, indexMAC []byte) ([]byte, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	return m.macs[name+" "+string(indexMAC)], nil
}
