// Is a transparency log what it says, according to an implementation that is not ours?
//
// Reads from standard input where the log is, whose signatures it must have, and proofs of ours. Checks them with
// golang.org/x/mod/sumdb, which the checksum database of Go's modules uses, and says what it has checked.
package main

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type question struct {
	Folder    string   // of the log
	Log       string   // its public key
	Witnesses []string // theirs
	Entries   []struct {
		Index int64
		Entry string      // in hexadecimal
		Proof []tlog.Hash // ours
	}
	Growth []struct {
		Size  int64
		Root  tlog.Hash
		Proof tlog.TreeProof // ours, from there to the checkpoint
	}
}

type answer struct {
	Origin  string
	Size    int64
	Root    tlog.Hash
	Signers []string
	Entries int
	Growth  int
	History int
}

func main() {
	var asked question
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		fail(err)
	}
	found, err := check(asked)
	if err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func check(asked question) (*answer, error) {
	verifiers, err := keys(asked)
	if err != nil {
		return nil, err
	}
	content, err := os.ReadFile(filepath.Join(asked.Folder, "checkpoint"))
	if err != nil {
		return nil, err
	}
	opened, err := note.Open(content, verifiers)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	found := &answer{Entries: len(asked.Entries), Growth: len(asked.Growth)}
	for _, signature := range opened.Sigs {
		found.Signers = append(found.Signers, signature.Name)
	}
	var tree tlog.Tree
	found.Origin, tree, err = parse(opened.Text)
	if err != nil {
		return nil, err
	}
	found.Size, found.Root = tree.N, tree.Hash

	// Every hash that this gives has been proved to belong to the tree.
	hashes := tlog.TileHashReader(tree, tiles{asked.Folder})
	for _, one := range asked.Entries {
		entry, err := hex.DecodeString(one.Entry)
		if err != nil {
			return nil, err
		}
		leaf := tlog.RecordHash(entry)
		proof, err := tlog.ProveRecord(tree.N, one.Index, hashes)
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", one.Index, err)
		}
		for _, proof := range []tlog.RecordProof{proof, one.Proof} {
			if err := tlog.CheckRecord(proof, tree.N, tree.Hash, one.Index, leaf); err != nil {
				return nil, fmt.Errorf("entry %d: %w", one.Index, err)
			}
		}
	}
	for _, one := range asked.Growth {
		if err := tlog.CheckTree(one.Proof, tree.N, tree.Hash, one.Size, one.Root); err != nil {
			return nil, fmt.Errorf("growth from %d: %w", one.Size, err)
		}
	}
	found.History, err = history(asked.Folder, verifiers, tree, hashes)
	return found, err
}

// history checks that every earlier checkpoint is signed, and that the tree grew from it.
func history(folder string, verifiers note.Verifiers, tree tlog.Tree, hashes tlog.HashReader) (int, error) {
	content, err := os.ReadFile(filepath.Join(folder, "checkpoints"))
	if err != nil {
		return 0, err
	}
	checked := 0
	lines := bufio.NewScanner(bytes.NewReader(content))
	for lines.Scan() {
		var text string
		if err := json.Unmarshal(lines.Bytes(), &text); err != nil {
			return 0, err
		}
		opened, err := note.Open([]byte(text), verifiers)
		if err != nil {
			return 0, err
		}
		_, earlier, err := parse(opened.Text)
		if err != nil {
			return 0, err
		}
		if earlier.N == 0 {
			continue // there is nothing to prove, and no proof of it in this package
		}
		proof, err := tlog.ProveTree(tree.N, earlier.N, hashes)
		if err != nil {
			return 0, err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, earlier.N, earlier.Hash); err != nil {
			return 0, fmt.Errorf("growth from %d: %w", earlier.N, err)
		}
		checked++
	}
	return checked, lines.Err()
}

// parse reads what tlog-checkpoint describes; the package itself knows the first line of its own logs only.
func parse(text string) (string, tlog.Tree, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 {
		return "", tlog.Tree{}, errors.New("this is no checkpoint")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return "", tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return lines[0], tlog.Tree{N: size, Hash: root}, err
}

// tiles reads the files of a log as tlog-tiles lays them out.
type tiles struct{ folder string }

func (t tiles) Height() int { return height }

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var contents [][]byte
	for _, tile := range wanted {
		// The package puts the height after the first word; tlog-tiles has one height and leaves it out.
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
		content, err := os.ReadFile(filepath.Join(t.folder, path))
		if err != nil {
			return nil, err
		}
		contents = append(contents, content)
	}
	return contents, nil
}

func keys(asked question) (note.Verifiers, error) {
	log, err := note.NewVerifier(asked.Log)
	if err != nil {
		return nil, err
	}
	all := []note.Verifier{log}
	for _, text := range asked.Witnesses {
		witness, err := newCosigner(text)
		if err != nil {
			return nil, err
		}
		all = append(all, witness)
	}
	return note.VerifierList(all...), nil
}

// cosigner verifies cosignature/v1 of tlog-cosignature, which the package leaves to others.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newCosigner(text string) (*cosigner, error) {
	parts := strings.SplitN(text, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("this is no key")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != 4 {
		return nil, errors.New("this is no key of a witness")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	if hex.EncodeToString(sum[:4]) != parts[1] {
		return nil, errors.New("the key has another number than it says")
	}
	return &cosigner{parts[0], binary.BigEndian.Uint32(sum[:4]), key[1:]}, nil
}

func (c *cosigner) Name() string { return c.name }

func (c *cosigner) KeyHash() uint32 { return c.hash }

func (c *cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(signature)
	return ed25519.Verify(c.key, []byte(fmt.Sprintf("cosignature/v1\ntime %d\n%s", at, text)), signature[8:])
}
