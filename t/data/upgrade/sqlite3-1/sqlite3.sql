-- A database as version 1 of the schema had it: the text of that version, and
-- what its module stored.
CREATE TABLE IF NOT EXISTS edu_outcome (
    class_id TEXT NOT NULL,
    assignment_id TEXT NOT NULL,
    submission_id TEXT NOT NULL,
    id TEXT NOT NULL,
    created TEXT NOT NULL,
    type TEXT NOT NULL,
    version TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (class_id, assignment_id, submission_id, id)
);
CREATE TABLE IF NOT EXISTS edu_schema (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    version TEXT NOT NULL
);
INSERT INTO edu_schema (one, version) VALUES (1, '1') ON CONFLICT DO NOTHING;
INSERT INTO edu_outcome VALUES('sqlite3-1','a','s','ecca1fe1-2fcb-4b0a-b662-9125d373b0a0','003fcab3dfe3f588','educationPointsOutcome','003fcab3e5c5f212','{"@odata.type":"#microsoft.graph.educationPointsOutcome","@odata.etag":"\"003fcab3e5c5f212\"","id":"ecca1fe1-2fcb-4b0a-b662-9125d373b0a0","lastModifiedBy":{"application":null,"device":null,"user":{"id":"teacher","displayName":null}},"lastModifiedDateTime":"2026-11-25T04:09:13.5683090Z","points":{"gradedBy":{"application":null,"device":null,"user":{"id":"teacher","displayName":null}},"gradedDateTime":"2026-11-25T04:09:13.5683090Z","points":90},"publishedPoints":null}');
INSERT INTO edu_outcome VALUES('sqlite3-1','a','s','125746ca-b5fc-456b-b4a3-249dd90d2b1d','003fcab3dfe506bc','educationFeedbackOutcome','003fcab3dfe506bc','{"@odata.type":"#microsoft.graph.educationFeedbackOutcome","@odata.etag":"\"003fcab3dfe506bc\"","id":"125746ca-b5fc-456b-b4a3-249dd90d2b1d","lastModifiedBy":{"application":null,"device":null,"user":{"id":"teacher","displayName":null}},"lastModifiedDateTime":"2026-11-25T04:09:03.7056700Z","feedback":{"feedbackBy":{"application":null,"device":null,"user":{"id":"teacher","displayName":null}},"feedbackDateTime":"2026-11-25T04:09:03.7056700Z","text":{"content":"Très bien, l’élève’s best: 100%","contentType":"text"}},"publishedFeedback":null}');
INSERT INTO edu_outcome VALUES('sqlite3-1','a','s','8d0a9b12-2351-4db9-b6d0-dd3994829f7a','003fcab3dfe5fafe','educationRubricOutcome','003fcab3dfe5fafe','{"@odata.type":"#microsoft.graph.educationRubricOutcome","@odata.etag":"\"003fcab3dfe5fafe\"","id":"8d0a9b12-2351-4db9-b6d0-dd3994829f7a","lastModifiedBy":{"application":null,"device":null,"user":{"id":"teacher","displayName":null}},"lastModifiedDateTime":"2026-11-25T04:09:03.7119230Z","rubricQualityFeedback":[],"rubricQualitySelectedLevels":[{"qualityId":"style","columnId":"good"}],"publishedRubricQualityFeedback":[],"publishedRubricQualitySelectedLevels":[]}');
INSERT INTO edu_outcome VALUES('sqlite3-1','a','s','f97db916-b1fb-4ee6-8bbf-259993f1edf9','003fcab3dfe70e26','educationFeedbackResourceOutcome','003fcab3dfe70e26','{"@odata.type":"#microsoft.graph.educationFeedbackResourceOutcome","@odata.etag":"\"003fcab3dfe70e26\"","id":"f97db916-b1fb-4ee6-8bbf-259993f1edf9","lastModifiedBy":{"application":null,"device":null,"user":{"id":"teacher","displayName":null}},"lastModifiedDateTime":"2026-11-25T04:09:03.7189670Z","feedbackResource":{"@odata.type":"#microsoft.graph.educationWordResource","createdBy":{"application":null,"device":null,"user":{"id":"teacher","displayName":null}},"createdDateTime":"2026-11-25T04:09:03.7189670Z","displayName":"notes.docx","lastModifiedBy":{"application":null,"device":null,"user":{"id":"teacher","displayName":null}},"lastModifiedDateTime":"2026-11-25T04:09:03.7189670Z","fileUrl":null},"resourceStatus":"notPublished"}');
