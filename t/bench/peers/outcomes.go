// Licensed under the Apache License, Version 2.0; see LICENSE.

// The same service as a Go programmer would write it: net/http, encoding/json
// and database/sql.  It serves the routes that the benchmark asks for, answers
// them with the bytes that the module answers, and is as durable.
package main

import (
	"bytes"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"strconv"
	"strings"
	"time"

	_ "github.com/lib/pq"
	_ "github.com/mattn/go-sqlite3"
)

const (
	maxBody = 4 << 20
	page    = 100
	tries   = 100 // of a change that others keep overtaking
)

// ------------------------------------------------------------------ documents

type identity struct {
	ID          *string `json:"id"`
	DisplayName *string `json:"displayName"`
}

type identitySet struct {
	Application *identity `json:"application"`
	Device      *identity `json:"device"`
	User        *identity `json:"user"`
}

type itemBody struct {
	Content     *string `json:"content"`
	ContentType *string `json:"contentType"`
}

type feedback struct {
	FeedbackBy       *identitySet `json:"feedbackBy"`
	FeedbackDateTime *string      `json:"feedbackDateTime"`
	Text             *itemBody    `json:"text"`
}

type pointsGrade struct {
	GradedBy       *identitySet `json:"gradedBy"`
	GradedDateTime *string      `json:"gradedDateTime"`
	Points         *float32     `json:"points"`
}

type outcome struct {
	Type                 string       `json:"@odata.type"`
	ETag                 string       `json:"@odata.etag"`
	ID                   string       `json:"id"`
	LastModifiedBy       *identitySet `json:"lastModifiedBy"`
	LastModifiedDateTime string       `json:"lastModifiedDateTime"`
}

type feedbackOutcome struct {
	outcome
	Feedback          *feedback `json:"feedback"`
	PublishedFeedback *feedback `json:"publishedFeedback"`
}

type pointsOutcome struct {
	outcome
	Points          *pointsGrade `json:"points"`
	PublishedPoints *pointsGrade `json:"publishedPoints"`
}

// What the verbs need of a type of outcome.
type document interface {
	common() *outcome
	// protect returns what puts back the members that only the server sets.
	protect() func()
	check() error
	stamp(by *identitySet, at string)
	publish()
}

func (o *outcome) common() *outcome { return o }

func (o *outcome) protect() func() {
	was := *o
	o.LastModifiedBy = nil
	return func() { *o = was }
}

func (d *feedbackOutcome) protect() func() {
	restore, was := d.outcome.protect(), d.PublishedFeedback
	d.PublishedFeedback = nil
	return func() { restore(); d.PublishedFeedback = was }
}

func (d *pointsOutcome) protect() func() {
	restore, was := d.outcome.protect(), d.PublishedPoints
	d.PublishedPoints = nil
	return func() { restore(); d.PublishedPoints = was }
}

func checkText(text *itemBody) error {
	if text != nil && text.ContentType != nil && *text.ContentType != "text" && *text.ContentType != "html" {
		return errors.New("contentType is text or html")
	}
	return nil
}

func (d *feedbackOutcome) check() error {
	if d.Feedback == nil {
		return nil
	}
	return checkText(d.Feedback.Text)
}

func (d *pointsOutcome) check() error {
	if d.Points != nil && d.Points.Points != nil && *d.Points.Points < 0 {
		return errors.New("points are not negative")
	}
	return nil
}

func (o *outcome) stamp(by *identitySet, at string) {
	o.LastModifiedBy, o.LastModifiedDateTime = by, at
}

func (d *feedbackOutcome) stamp(by *identitySet, at string) {
	d.outcome.stamp(by, at)
	if d.Feedback != nil {
		d.Feedback.FeedbackBy, d.Feedback.FeedbackDateTime = by, &at
	}
}

func (d *pointsOutcome) stamp(by *identitySet, at string) {
	d.outcome.stamp(by, at)
	if d.Points != nil {
		d.Points.GradedBy, d.Points.GradedDateTime = by, &at
	}
}

func newDocument(odataType string) (document, error) {
	switch strings.TrimPrefix(odataType, "#microsoft.graph.") {
	case "educationFeedbackOutcome":
		return &feedbackOutcome{}, nil
	case "educationPointsOutcome":
		return &pointsOutcome{}, nil
	case "educationRubricOutcome":
		return &rubricOutcome{}, nil
	}
	return nil, fmt.Errorf("the type %q is not known", odataType)
}

func typeOf(text []byte) (string, error) {
	var of struct {
		Type string `json:"@odata.type"`
	}
	err := json.Unmarshal(text, &of)
	return of.Type, err
}

// apply merges a body into a document: what it does not name stays.
func apply(doc document, body []byte) error {
	restore := doc.protect()
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(doc); err != nil {
		return err
	}
	if decoder.More() {
		return errors.New("there is more than one value")
	}
	restore()
	return doc.check()
}

func text(doc document) []byte { return marshal(doc) }

func marshal(value any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// ---------------------------------------------------------------------- store

type row struct{ id, created, odataType, version, body string }

type key struct{ class, assignment, submission, id string }

type store struct {
	get, list, insert, replace *sql.Stmt
	school                     *schoolStore
	// write runs statements durably, each of which is to change a row, or else
	// none does.
	write func(...call) (bool, error)
}

type call struct {
	stmt *sql.Stmt
	args []any
}

const where = " WHERE class_id = $1 AND assignment_id = $2 AND submission_id = $3"

func prepare(db *sql.DB, query string) *sql.Stmt {
	stmt, err := db.Prepare(query)
	if err != nil {
		log.Fatal(err)
	}
	return stmt
}

func newStore(reads, writes *sql.DB) *store {
	columns := "SELECT id, created, type, version, body FROM edu_outcome" + where
	return &store{
		school: newSchoolStore(reads, writes),
		get:    prepare(reads, columns+" AND id = $4"),
		list: prepare(reads, columns+
			fmt.Sprintf(" AND id > $4 ORDER BY id LIMIT %d", page+1)),
		insert: prepare(writes, "INSERT INTO edu_outcome"+
			" (class_id, assignment_id, submission_id, id, created, type, version, body)"+
			" VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"),
		replace: prepare(writes, "UPDATE edu_outcome SET version = $1, body = $2"+
			" WHERE class_id = $3 AND assignment_id = $4 AND submission_id = $5"+
			" AND id = $6 AND version = $7"),
	}
}

func open(driver, source string, connections int) *sql.DB {
	db, err := sql.Open(driver, source)
	if err != nil {
		log.Fatal(err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db
}

// PostgreSQL groups commits by itself.
func openPostgres(source string, connections int) *store {
	db := open("postgres", source, connections)
	s := newStore(db, db)
	s.write = func(calls ...call) (bool, error) {
		if len(calls) == 1 {
			return exec(calls[0].stmt, calls[0].args)
		}
		tx, err := db.Begin()
		if err != nil {
			return false, err
		}
		changed, err := execAll(tx, calls)
		if err != nil || !changed {
			tx.Rollback()
			return false, err
		}
		return true, tx.Commit()
	}
	return s
}

func exec(stmt *sql.Stmt, args []any) (bool, error) {
	result, err := stmt.Exec(args...)
	if err != nil {
		return false, err
	}
	affected, err := result.RowsAffected()
	return affected == 1, err
}

func execAll(tx *sql.Tx, calls []call) (bool, error) {
	for _, c := range calls {
		changed, err := exec(tx.Stmt(c.stmt), c.args)
		if err != nil || !changed {
			return false, err
		}
	}
	return true, nil
}

func openSQLite(path string, connections int) *store {
	source := "file:" + path + "?_journal_mode=WAL&_synchronous=FULL" +
		"&_busy_timeout=5000&_txlock=immediate&_mutex=no"
	writes := open("sqlite3", source, 1)
	s := newStore(open("sqlite3", source, connections), writes)
	queue := make(chan *job, 1024)
	go group(writes, queue)
	s.write = func(calls ...call) (bool, error) {
		j := &job{calls: calls, done: make(chan error, 1)}
		queue <- j
		err := <-j.done
		return j.changed, err
	}
	return s
}

type job struct {
	calls   []call
	changed bool
	done    chan error
}

// group commits whatever has come in while the commit before was under way.
func group(db *sql.DB, queue chan *job) {
	savepoint, release, undo := prepare(db, "SAVEPOINT job"), prepare(db, "RELEASE job"), prepare(db, "ROLLBACK TO job")
	for first := range queue {
		jobs := []*job{first}
		for more := true; more && len(jobs) < 256; {
			select {
			case j := <-queue:
				jobs = append(jobs, j)
			default:
				more = false
			}
		}
		err := commit(db, jobs, savepoint, release, undo)
		for _, j := range jobs {
			j.done <- err
		}
	}
}

func commit(db *sql.DB, jobs []*job, savepoint, release, undo *sql.Stmt) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, j := range jobs {
		several := len(j.calls) > 1
		if several {
			if _, err := tx.Stmt(savepoint).Exec(); err != nil {
				return err
			}
		}
		if j.changed, err = execAll(tx, j.calls); err != nil {
			return err
		}
		if several && !j.changed {
			if _, err := tx.Stmt(undo).Exec(); err != nil {
				return err
			}
		}
		if several {
			if _, err := tx.Stmt(release).Exec(); err != nil {
				return err
			}
		}
	}
	return tx.Commit()
}

// ----------------------------------------------------------------------- time

const timeFormat = "2006-01-02T15:04:05.0000000Z"

// A version is an instant in units of 100 ns, and none is before the last.
func nextVersion(last string) (version, at string) {
	ticks := time.Now().UnixMicro() * 10
	if then, err := strconv.ParseInt(last, 16, 64); err == nil && then >= ticks {
		ticks = then + 1
	}
	return fmt.Sprintf("%016x", ticks),
		time.Unix(ticks/1e7, ticks%1e7*100).UTC().Format(timeFormat)
}

func newGUID() string {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// ----------------------------------------------------------------------- HTTP

type server struct{ *store }

// A failure with the status to answer it with.
type failure struct {
	status  int
	message string
}

func (f *failure) Error() string { return f.message }

func fail(status int, err error) error { return &failure{status, err.Error()} }

// parsePath knows outcomes, submissions and what they are returned by; verb is
// what stands in place of outcomes.
func parsePath(path string) (k key, verb string, ok bool) {
	s := strings.Split(path, "/")
	if len(s) < 8 || len(s) > 11 || s[1] != "v1.0" || s[2] != "education" ||
		s[3] != "classes" || s[5] != "assignments" || s[7] != "submissions" {
		return k, "", false
	}
	k = key{class: s[4], assignment: s[6]}
	if len(s) == 8 {
		return k, "", true
	}
	if len(s) < 10 || (s[9] != "outcomes" && s[9] != "return") {
		return k, "", false
	}
	k.submission, verb = s[8], s[9]
	if len(s) == 11 {
		k.id = s[10]
	}
	return k, verb, true
}

func contextURL(r *http.Request, k key) string {
	return "http://" + r.Host + "/v1.0/$metadata#education/classes('" + k.class +
		"')/assignments('" + k.assignment + "')/submissions('" + k.submission +
		"')/outcomes"
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := newGUID()
	h := w.Header()
	h["OData-Version"] = []string{"4.0"}
	h["Cache-Control"] = []string{"private, no-cache"}
	h["request-id"] = []string{id}
	h["Content-Type"] = []string{"application/json"}
	status, body, err := s.dispatch(w, r)
	if err != nil {
		status = http.StatusServiceUnavailable
		var f *failure
		if errors.As(err, &f) {
			status = f.status
		}
		body, _ = json.Marshal(map[string]any{"error": map[string]any{
			"code": http.StatusText(status), "message": err.Error(),
			"innerError": map[string]string{"date": time.Now().UTC().Format(timeFormat), "request-id": id}}})
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	w.Write(body)
}

func (s *server) dispatch(w http.ResponseWriter, r *http.Request) (int, []byte, error) {
	if r.Method == "POST" && r.URL.Path == "/v1.0/$batch" {
		return s.serveBatch(r)
	}
	k, verb, ok := parsePath(r.URL.Path)
	switch {
	case !ok:
		return 0, nil, fail(404, errors.New("there is no resource at this path"))
	case r.Method == "GET" && verb == "":
		return s.serveGradebook(r, k.class, k.assignment)
	case r.Method == "POST" && verb == "return":
		return s.serveReturn(w, r, k)
	case r.Method == "GET" && k.id == "":
		return s.serveList(r, k)
	case r.Method == "POST" && k.id == "":
		return s.serveCreate(w, r, k)
	case r.Method == "GET":
		return s.serveGet(w, r, k)
	case r.Method == "PATCH" && k.id != "":
		return s.servePatch(w, r, k)
	}
	return 0, nil, fail(405, errors.New("this resource does not take this method"))
}

// answer is a stored document with its context before it.
func answer(w http.ResponseWriter, r *http.Request, k key, version, body string) []byte {
	w.Header()["ETag"] = []string{`"` + version + `"`}
	return []byte(`{"@odata.context":"` + contextURL(r, k) + `/$entity",` + body[1:])
}

func (s *server) fetch(k key) (row, error) {
	var x row
	err := s.get.QueryRow(k.class, k.assignment, k.submission, k.id).
		Scan(&x.id, &x.created, &x.odataType, &x.version, &x.body)
	if err == sql.ErrNoRows {
		err = fail(404, errors.New("Entity not found. Outcome id: "+k.id))
	}
	return x, err
}

// fetchShown tells the version that is shown, too.
func (s *server) fetchShown(k key) (x row, version string, err error) {
	if !isRegistered(k.id) {
		x, err = s.fetch(k)
		return x, x.version, err
	}
	x, _, assignment, err := s.fetchRegistered(k)
	if err == nil {
		err = isCurrent(x, assignment)
	}
	return x, shownVersion(x, assignment), err
}

func (s *server) serveGet(w http.ResponseWriter, r *http.Request, k key) (int, []byte, error) {
	x, version, err := s.fetchShown(k)
	if err != nil {
		return 0, nil, err
	}
	if r.Header.Get("If-None-Match") == `"`+version+`"` {
		return 304, nil, nil
	}
	return 200, answer(w, r, k, version, x.body), nil
}

// A token is a hash of the query, here of an empty one, and the last id.
const tokenBefore = "\x60\xe5\x5a\x39\xd2\x82\x9e\x03p\x00\x00"

func after(token string) (id string, err error) {
	text, err := hex.DecodeString(token)
	if err == nil && token != "" && !strings.HasPrefix(string(text), tokenBefore) {
		err = errors.New("this $skiptoken is of another query")
	}
	return strings.TrimSuffix(strings.TrimPrefix(string(text), tokenBefore), "\x00"), err
}

func (s *store) fetchList(k key, last string) ([]row, error) {
	rows, err := s.list.Query(k.class, k.assignment, k.submission, last)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []row
	for rows.Next() {
		var x row
		if err := rows.Scan(&x.id, &x.created, &x.odataType, &x.version, &x.body); err != nil {
			return nil, err
		}
		found = append(found, x)
	}
	return found, rows.Err()
}

func (s *server) serveList(r *http.Request, k key) (int, []byte, error) {
	last, err := after(r.URL.Query().Get("$skiptoken"))
	if err != nil {
		return 0, nil, fail(400, err)
	}
	found, err := s.fetchList(k, last)
	if err == nil {
		err = s.checkList(k, found)
	}
	if err != nil {
		return 0, nil, err
	}
	var out bytes.Buffer
	out.WriteString(`{"@odata.context":"` + contextURL(r, k) + `"`)
	if len(found) > page {
		found = found[:page]
		token := hex.EncodeToString([]byte(tokenBefore + found[page-1].id + "\x00"))
		out.WriteString(`,"@odata.nextLink":"http://` + r.Host + r.URL.Path + `?$skiptoken=` + token + `"`)
	}
	out.WriteString(`,"value":[`)
	for i, x := range found {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(x.body)
	}
	out.WriteString("]}")
	return 200, out.Bytes(), nil
}

func readBody(r *http.Request) ([]byte, error) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return nil, fail(415, errors.New("the body has to be application/json"))
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return nil, fail(400, err)
	}
	return body, nil
}

// Nobody is signed in here.
func caller() *identitySet { return &identitySet{User: &identity{}} }

func (s *server) serveCreate(w http.ResponseWriter, r *http.Request, k key) (int, []byte, error) {
	body, err := readBody(r)
	if err != nil {
		return 0, nil, err
	}
	odataType, err := typeOf(body)
	if err != nil {
		return 0, nil, fail(400, err)
	}
	doc, err := newDocument(odataType)
	if err == nil {
		err = apply(doc, body)
	}
	if err != nil {
		return 0, nil, fail(400, err)
	}
	version, at := nextVersion("")
	k.id = newGUID()
	doc.stamp(caller(), at)
	c := doc.common()
	c.Type, c.ID, c.ETag = odataType, k.id, `"`+version+`"`
	stored := string(text(doc))
	created, err := s.write(call{s.insert, []any{k.class, k.assignment, k.submission, k.id,
		version, strings.TrimPrefix(odataType, "#microsoft.graph."), version, stored}})
	if err == nil && !created {
		err = fail(409, errors.New("an outcome with this id exists already"))
	}
	if err != nil {
		return 0, nil, err
	}
	w.Header()["Location"] = []string{"http://" + r.Host + r.URL.Path + "/" + k.id}
	return 201, answer(w, r, k, version, stored), nil
}

// change is the document that a body makes of a row.
func change(was row, body []byte) (document, error) {
	doc, err := newDocument(was.odataType)
	if err == nil {
		err = json.Unmarshal([]byte(was.body), doc)
	}
	if err != nil {
		return nil, err
	}
	if err := apply(doc, body); err != nil {
		return nil, fail(400, err)
	}
	return doc, nil
}

func (s *server) servePatch(w http.ResponseWriter, r *http.Request, k key) (int, []byte, error) {
	body, err := readBody(r)
	if err != nil {
		return 0, nil, err
	}
	if isRegistered(k.id) {
		return s.patchRegistered(w, r, k, body)
	}
	for i := 0; i < tries; i++ {
		was, err := s.fetch(k)
		if err != nil {
			return 0, nil, err
		}
		if match := r.Header.Get("If-Match"); match != "" && match != `"`+was.version+`"` {
			return 0, nil, fail(412, errors.New("the outcome has changed"))
		}
		doc, err := change(was, body)
		if err != nil {
			return 0, nil, err
		}
		if string(text(doc)) == was.body {
			return 200, answer(w, r, k, was.version, was.body), nil
		}
		version, at := nextVersion(was.version)
		doc.stamp(caller(), at)
		doc.common().ETag = `"` + version + `"`
		stored := string(text(doc))
		changed, err := s.write(call{s.replace, []any{version, stored,
			k.class, k.assignment, k.submission, k.id, was.version}})
		if err != nil {
			return 0, nil, err
		}
		if changed {
			return 200, answer(w, r, k, version, stored), nil
		}
	}
	return 0, nil, errors.New("others keep changing this outcome")
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8081", "address")
	sqlite := flag.String("sqlite", "", "path of a database")
	postgres := flag.String("postgres", "", "connection string of a database")
	connections := flag.Int("connections", 4, "readers of SQLite, or all connections to PostgreSQL")
	flag.Parse()
	var s *store
	if *postgres != "" {
		s = openPostgres(*postgres, *connections)
	} else {
		s = openSQLite(*sqlite, *connections)
	}
	log.Fatal(http.ListenAndServe(*listen, &server{s}))
}
