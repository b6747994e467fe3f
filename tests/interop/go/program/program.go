// Package program takes the steps that one client knows and prints what each answered
// (tests/interop/__init__.py).
package program

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
)

// Select has the members of SelectObjectContent that the queries use.
type Select struct {
	Key                string
	Expression         string
	InputSerialization struct {
		CSV             *struct{ FileHeaderInfo string }
		JSON            *struct{ Type string }
		Parquet         *struct{}
		CompressionType string
	}
	OutputSerialization struct {
		CSV  *struct{ RecordDelimiter, FieldDelimiter *string }
		JSON *struct{ RecordDelimiter *string }
	}
	ScanRange       *struct{ Start, End int64 }
	RequestProgress *struct{ Enabled bool }
}

// Given is what the JSON file says.
type Given struct {
	Endpoint    string            `json:"endpoint"`
	Region      string            `json:"region"`
	AccessKey   string            `json:"access_key"`
	SecretKey   string            `json:"secret_key"`
	Bucket      string            `json:"bucket"`
	Folder      string            `json:"folder"`
	Plain       string            `json:"plain"`
	ContentType string            `json:"content_type"`
	Metadata    map[string]string `json:"metadata"`
	Large       string            `json:"large"`
	PartBytes   int64             `json:"part_bytes"`
	Range       [2]int64          `json:"range"`
	Selects     map[string]Select `json:"selects"`
	Steps       []string          `json:"steps"`
}

// Answer is what a step found out.
type Answer map[string]any

// Step is one of them; an error means that it could not be taken.
type Step func() (Answer, error)

// Read returns what this program is asked to do.
func Read() (*Given, error) {
	contents, err := os.ReadFile(os.Args[1])
	if err != nil {
		return nil, err
	}
	given := new(Given)
	return given, json.Unmarshal(contents, given)
}

// SmallObjects are the files that are put whole, by key, but for the one that is put with its content type.
func (given *Given) SmallObjects() (map[string]string, error) {
	objects := map[string]string{}
	err := filepath.WalkDir(given.Folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		key, err := filepath.Rel(given.Folder, path)
		if key != given.Large && key != given.Plain {
			objects[key] = path
		}
		return err
	})
	return objects, err
}

// Take takes the steps that are both asked for and known; the client's version is that of its module.
func (given *Given) Take(module string, steps map[string]Step) {
	tell(Answer{"client": module, "version": version(module)})
	for _, name := range given.Steps {
		step, known := steps[name]
		if !known {
			continue
		}
		answer, err := step()
		if err != nil {
			tell(Answer{"step": name, "failed": err.Error()})
		} else {
			tell(Answer{"step": name, "answer": answer})
		}
	}
}

// SHA256 is the digest of all that can be read.
func SHA256(body io.ReadCloser) (string, error) {
	defer body.Close()
	digest := sha256.New()
	_, err := io.Copy(digest, body)
	return hex.EncodeToString(digest.Sum(nil)), err
}

// Text is all that can be read.
func Text(body io.ReadCloser) (string, error) {
	defer body.Close()
	contents, err := io.ReadAll(body)
	return string(contents), err
}

// Fetch is what anyone gets at a URL.
func Fetch(url string) (Answer, error) {
	response, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	text, err := Text(response.Body)
	return Answer{"status": response.StatusCode, "text": text}, err
}

func version(module string) string {
	build, _ := debug.ReadBuildInfo()
	for _, dependency := range build.Deps {
		if dependency.Path == module {
			return dependency.Version
		}
	}
	return "-"
}

func tell(entry Answer) {
	line, err := json.Marshal(entry)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}
