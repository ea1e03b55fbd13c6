// Licensed under the Apache License, Version 2.0; see LICENSE.

// What a school has registered: outcomes of which each submission has one, the
// page of a gradebook, $batch, and return.  All outcomes are stored and the
// rubric stays as it is, which is all that the benchmark asks for.
package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	feedbackID = "ca05367a-b292-42d5-aff7-5d279feeace8"
	pointsID   = "ea1351f6-ba33-4940-b2cb-6a7254af2dc8"
	rubricID   = "65a46d78-1a2b-4a7e-bcf8-78a22ac2611b"
)

// Only the outcomes of registered submissions are called so.
func isRegistered(id string) bool {
	return id == feedbackID || id == pointsID || id == rubricID
}

// ------------------------------------------------------------------ documents

type qualityFeedback struct {
	QualityID *string   `json:"qualityId"`
	Feedback  *itemBody `json:"feedback"`
}

type selectedLevel struct {
	QualityID *string `json:"qualityId"`
	ColumnID  *string `json:"columnId"`
}

type rubricOutcome struct {
	outcome
	Feedback          []qualityFeedback `json:"rubricQualityFeedback"`
	Levels            []selectedLevel   `json:"rubricQualitySelectedLevels"`
	PublishedFeedback []qualityFeedback `json:"publishedRubricQualityFeedback"`
	PublishedLevels   []selectedLevel   `json:"publishedRubricQualitySelectedLevels"`
}

func (d *rubricOutcome) protect() func() {
	restore, was := d.outcome.protect(), *d
	return func() {
		restore()
		d.PublishedFeedback, d.PublishedLevels = was.PublishedFeedback, was.PublishedLevels
	}
}

func (d *rubricOutcome) check() error {
	for _, f := range d.Feedback {
		if err := checkText(f.Feedback); err != nil {
			return err
		}
	}
	return nil
}

func (d *feedbackOutcome) publish() { d.PublishedFeedback = d.Feedback }
func (d *pointsOutcome) publish()   { d.PublishedPoints = d.Points }
func (d *rubricOutcome) publish() {
	d.PublishedFeedback, d.PublishedLevels = d.Feedback, d.Levels
}

type recipient struct {
	Type   string `json:"@odata.type"`
	UserID string `json:"userId"`
}

type submission struct {
	ETag                 string       `json:"@odata.etag"`
	ID                   string       `json:"id"`
	AssignmentID         *string      `json:"assignmentId"`
	ExcusedBy            *identitySet `json:"excusedBy"`
	ExcusedDateTime      *string      `json:"excusedDateTime"`
	LastModifiedBy       *identitySet `json:"lastModifiedBy"`
	LastModifiedDateTime *string      `json:"lastModifiedDateTime"`
	ReassignedBy         *identitySet `json:"reassignedBy"`
	ReassignedDateTime   *string      `json:"reassignedDateTime"`
	Recipient            recipient    `json:"recipient"`
	ResourcesFolderURL   *string      `json:"resourcesFolderUrl"`
	ReturnedBy           *identitySet `json:"returnedBy"`
	ReturnedDateTime     *string      `json:"returnedDateTime"`
	Status               *string      `json:"status"`
	SubmittedBy          *identitySet `json:"submittedBy"`
	SubmittedDateTime    *string      `json:"submittedDateTime"`
	UnsubmittedBy        *identitySet `json:"unsubmittedBy"`
	UnsubmittedDateTime  *string      `json:"unsubmittedDateTime"`
	WebURL               *string      `json:"webUrl"`
}

// A submission as it is stored, with the version of its assignment.
type submissionRow struct{ id, user, version, by, body, assignment string }

// The version that outcomes and submissions show: what a rubric outcome says
// depends on the assignment, too.
func shownVersion(x row, assignment string) string {
	if x.odataType == "educationRubricOutcome" {
		return x.version + "-" + assignment
	}
	return x.version
}

// view is a submission as it is shown, with nobody where nothing was done.
func view(x submissionRow, assignmentID, tag string) (*submission, error) {
	s := &submission{}
	if err := json.Unmarshal([]byte(x.body), s); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(x.by), &s.LastModifiedBy); err != nil {
		return nil, err
	}
	s.ETag, s.AssignmentID, s.Recipient.UserID = `"`+tag+`"`, &assignmentID, x.user
	at := timeOf(x.version)
	s.LastModifiedDateTime = &at
	if s.Status == nil {
		working := "working"
		s.Status = &working
	}
	if s.SubmittedBy == nil {
		s.SubmittedBy = &identitySet{User: &identity{ID: &x.user}}
	}
	for _, by := range []**identitySet{&s.ExcusedBy, &s.ReassignedBy, &s.ReturnedBy, &s.UnsubmittedBy} {
		if *by == nil {
			*by = &identitySet{User: &identity{}}
		}
	}
	return s, nil
}

func timeOf(version string) string {
	ticks, _ := strconv.ParseInt(version, 16, 64)
	return time.Unix(ticks/1e7, ticks%1e7*100).UTC().Format(timeFormat)
}

// ---------------------------------------------------------------------- store

type schoolStore struct {
	get, submission, gradebook, touch, replaceSubmission *sql.Stmt
}

func newSchoolStore(reads, writes *sql.DB) *schoolStore {
	of := " FROM edu_submission s JOIN edu_assignment a" +
		" ON a.class_id = s.class_id AND a.id = s.assignment_id"
	outcomes := " JOIN edu_outcome o ON o.class_id = s.class_id" +
		" AND o.assignment_id = s.assignment_id AND o.submission_id = s.id"
	those := " WHERE s.class_id = $1 AND s.assignment_id = $2 AND s.id = $3"
	columns := "SELECT s.id, s.user_id, s.version, s.modified_by, s.body, a.version"
	row := " o.id, o.created, o.type, o.version, o.body"
	return &schoolStore{
		get: prepare(reads, "SELECT s.version, a.version,"+row+of+outcomes+those+
			" AND o.id = $4"),
		submission: prepare(reads, columns+of+those),
		gradebook: prepare(reads, columns+","+row+strings.Replace(of, "edu_submission",
			"(SELECT * FROM edu_submission WHERE class_id = $1 AND assignment_id = $2"+
				" ORDER BY id LIMIT 100)", 1)+outcomes+" ORDER BY s.id, o.created"),
		touch: prepare(writes, "UPDATE edu_submission SET version = $1, modified_by = $2"+
			" WHERE class_id = $3 AND assignment_id = $4 AND id = $5 AND version < $6"),
		replaceSubmission: prepare(writes, "UPDATE edu_submission SET version = $1,"+
			" modified_by = $2, body = $3 WHERE class_id = $4 AND assignment_id = $5"+
			" AND id = $6 AND version = $7"),
	}
}

func (s *store) fetchSubmission(k key) (submissionRow, error) {
	var x submissionRow
	err := s.school.submission.QueryRow(k.class, k.assignment, k.submission).
		Scan(&x.id, &x.user, &x.version, &x.by, &x.body, &x.assignment)
	if err == sql.ErrNoRows {
		err = fail(404, errors.New("Entity not found. Submission id: "+k.submission))
	}
	return x, err
}

// fetchRegistered tells the versions of the submission and of the assignment, too.
func (s *store) fetchRegistered(k key) (x row, submission, assignment string, err error) {
	err = s.school.get.QueryRow(k.class, k.assignment, k.submission, k.id).
		Scan(&submission, &assignment, &x.id, &x.created, &x.odataType, &x.version, &x.body)
	if err == sql.ErrNoRows {
		err = fail(404, errors.New("Entity not found. Outcome id: "+k.id))
	}
	return
}

// isCurrent refuses a rubric outcome that would have to follow a new rubric.
func isCurrent(x row, assignment string) error {
	if x.odataType == "educationRubricOutcome" &&
		!strings.Contains(x.body, `"@odata.etag":"\"`+shownVersion(x, assignment)+`\""`) {
		return errors.New("the rubric has changed, which is not served here")
	}
	return nil
}

// ----------------------------------------------------------------------- HTTP

// checkList looks at outcomes that may be registered, which have an order of their own.
func (s *server) checkList(k key, found []row) error {
	if len(found) == 0 || !isRegistered(found[0].id) {
		return nil
	}
	sort.Slice(found, func(i, j int) bool { return found[i].created < found[j].created })
	of, err := s.fetchSubmission(k)
	for i := 0; err == nil && i < len(found); i++ {
		err = isCurrent(found[i], of.assignment)
	}
	return err
}

func (s *server) serveGradebook(r *http.Request, class, assignment string) (int, []byte, error) {
	if r.URL.Query().Get("$expand") != "outcomes" {
		return 0, nil, fail(501, errors.New("only $expand=outcomes is served here"))
	}
	rows, err := s.school.gradebook.Query(class, assignment)
	if err != nil {
		return 0, nil, err
	}
	defer rows.Close()
	var out bytes.Buffer
	context := "http://" + r.Host + "/v1.0/$metadata#education/classes('" + class +
		"')/assignments('" + assignment + "')/submissions"
	out.WriteString(`{"@odata.context":"` + context + `(outcomes())","value":[`)
	last := ""
	for rows.Next() {
		var of submissionRow
		var x row
		if err := rows.Scan(&of.id, &of.user, &of.version, &of.by, &of.body, &of.assignment,
			&x.id, &x.created, &x.odataType, &x.version, &x.body); err != nil {
			return 0, nil, err
		}
		if err := isCurrent(x, of.assignment); err != nil {
			return 0, nil, err
		}
		if of.id == last {
			out.WriteByte(',')
		} else {
			shown, err := view(of, assignment, of.version+"-"+of.assignment)
			if err != nil {
				return 0, nil, err
			}
			if last != "" {
				out.WriteString("]},")
			}
			out.Write(bytes.TrimSuffix(marshal(shown), []byte("}")))
			out.WriteString(`,"outcomes@odata.context":"` + context + "('" + of.id +
				`')/outcomes","outcomes":[`)
			last = of.id
		}
		out.WriteString(x.body)
	}
	if err := rows.Err(); err != nil {
		return 0, nil, err
	}
	if last != "" {
		out.WriteString("]}")
	}
	out.WriteString("]}")
	return 200, out.Bytes(), nil
}

// patchRegistered changes the submission in the same transaction.
func (s *server) patchRegistered(w http.ResponseWriter, r *http.Request, k key, body []byte) (int, []byte, error) {
	for i := 0; i < tries; i++ {
		was, submission, assignment, err := s.fetchRegistered(k)
		if err == nil {
			err = isCurrent(was, assignment)
		}
		if err != nil {
			return 0, nil, err
		}
		if match := r.Header.Get("If-Match"); match != "" && match != `"`+shownVersion(was, assignment)+`"` {
			return 0, nil, fail(412, errors.New("the outcome has changed"))
		}
		doc, err := change(was, body)
		if err != nil {
			return 0, nil, err
		}
		x := was
		if string(text(doc)) == was.body {
			return 200, answer(w, r, k, shownVersion(was, assignment), was.body), nil
		}
		last := was.version
		if submission > last {
			last = submission
		}
		var at string
		x.version, at = nextVersion(last)
		doc.stamp(caller(), at)
		doc.common().ETag = `"` + shownVersion(x, assignment) + `"`
		x.body = string(text(doc))
		changed, err := s.write(
			call{s.school.touch, []any{x.version, string(marshal(caller())),
				k.class, k.assignment, k.submission, x.version}},
			call{s.replace, []any{x.version, x.body,
				k.class, k.assignment, k.submission, k.id, was.version}})
		if err != nil {
			return 0, nil, err
		}
		if changed {
			return 200, answer(w, r, k, shownVersion(x, assignment), x.body), nil
		}
	}
	return 0, nil, errors.New("others keep changing this outcome")
}

// returned is the write of an outcome that is published.
func (s *server) returned(k key, x row, version, assignment string) (call, error) {
	doc, err := newDocument(x.odataType)
	if err == nil {
		err = json.Unmarshal([]byte(x.body), doc)
	}
	if err == nil {
		err = isCurrent(x, assignment)
	}
	if err != nil {
		return call{}, err
	}
	was := x.version
	x.version = version
	doc.publish()
	doc.common().ETag = `"` + shownVersion(x, assignment) + `"`
	return call{s.replace, []any{version, string(text(doc)),
		k.class, k.assignment, k.submission, x.id, was}}, nil
}

func (s *server) serveReturn(w http.ResponseWriter, r *http.Request, k key) (int, []byte, error) {
	for i := 0; i < tries; i++ {
		of, err := s.fetchSubmission(k)
		if err != nil {
			return 0, nil, err
		}
		found, err := s.fetchList(k, "")
		if err != nil {
			return 0, nil, err
		}
		version, at := nextVersion(of.version)
		doc := &submission{}
		if err := json.Unmarshal([]byte(of.body), doc); err != nil {
			return 0, nil, err
		}
		status := "returned"
		doc.Status, doc.ReturnedBy, doc.ReturnedDateTime = &status, caller(), &at
		was := of.version
		of.version, of.by, of.body = version, string(marshal(caller())), string(marshal(doc))
		calls := []call{{s.school.replaceSubmission, []any{version, of.by, of.body,
			k.class, k.assignment, k.submission, was}}}
		for _, x := range found {
			c, err := s.returned(k, x, version, of.assignment)
			if err != nil {
				return 0, nil, err
			}
			calls = append(calls, c)
		}
		changed, err := s.write(calls...)
		if err != nil {
			return 0, nil, err
		}
		if !changed {
			continue
		}
		shown, err := view(of, k.assignment, version)
		if err != nil {
			return 0, nil, err
		}
		w.Header()["ETag"] = []string{shown.ETag}
		context := `{"@odata.context":"http://` + r.Host + `/v1.0/$metadata#microsoft.graph.educationSubmission",`
		return 200, append([]byte(context), marshal(shown)[1:]...), nil
	}
	return 0, nil, errors.New("others keep changing this submission")
}

// ---------------------------------------------------------------------- batch

type batchRequest struct {
	ID      string            `json:"id"`
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
}

type batchResponse struct {
	ID      string            `json:"id"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
}

// serveBatch runs all of it at once, so that writes share a transaction.
func (s *server) serveBatch(r *http.Request) (int, []byte, error) {
	body, err := readBody(r)
	if err != nil {
		return 0, nil, err
	}
	var batch struct {
		Requests []batchRequest `json:"requests"`
	}
	if err := json.Unmarshal(body, &batch); err != nil {
		return 0, nil, fail(400, err)
	}
	responses := make([]batchResponse, len(batch.Requests))
	var group sync.WaitGroup
	for i, one := range batch.Requests {
		group.Add(1)
		go func(i int, one batchRequest) {
			defer group.Done()
			responses[i] = s.serveOne(r, one)
		}(i, one)
	}
	group.Wait()
	return 200, marshal(map[string]any{"responses": responses}), nil
}

func (s *server) serveOne(outer *http.Request, one batchRequest) batchResponse {
	answer := batchResponse{ID: one.ID, Status: 400}
	r, err := http.NewRequest(one.Method, "http://"+outer.Host+"/v1.0"+one.URL, bytes.NewReader(one.Body))
	if err != nil {
		return answer
	}
	for name, value := range one.Headers {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	answer.Status, answer.Body = w.Code, w.Body.Bytes()
	answer.Headers = make(map[string]string)
	for name, values := range w.Header() {
		answer.Headers[name] = values[0]
	}
	return answer
}
