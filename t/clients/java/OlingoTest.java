// Licensed under the Apache License, Version 2.0; see LICENSE.

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.apache.olingo.client.api.EdmEnabledODataClient;
import org.apache.olingo.client.api.communication.ODataClientErrorException;
import org.apache.olingo.client.api.communication.request.cud.UpdateType;
import org.apache.olingo.client.api.communication.request.retrieve.ODataEntitySetRequest;
import org.apache.olingo.client.api.domain.ClientEntity;
import org.apache.olingo.client.api.domain.ClientEntitySet;
import org.apache.olingo.client.api.domain.ClientValue;
import org.apache.olingo.client.api.uri.URIBuilder;
import org.apache.olingo.client.core.ODataClientFactory;
import org.apache.olingo.client.core.http.BasicAuthHttpClientFactory;
import org.apache.olingo.commons.api.edm.Edm;
import org.apache.olingo.commons.api.edm.FullQualifiedName;
import org.apache.olingo.commons.api.format.ContentType;

/** Apache Olingo's OData client, with its validator, against this server. */
final class OlingoTest {
    private final String root = System.getenv("EDU_BASE") + "/v1.0";
    private final EdmEnabledODataClient client = connect();
    private String assignment;
    private String submission;

    private EdmEnabledODataClient connect() {
        var client = ODataClientFactory.getEdmEnabledClient(root);
        client.getConfiguration().setHttpClientFactory(
            new BasicAuthHttpClientFactory("teacher", "demo"));
        client.getConfiguration().setDefaultPubFormat(ContentType.JSON);
        return client;
    }

    private URIBuilder assignments() {
        return client.newURIBuilder(root).appendSingletonSegment("education")
            .appendNavigationSegment("classes")
            .appendKeySegment(System.getenv("EDU_CLASS"))
            .appendNavigationSegment("assignments");
    }

    private URIBuilder submissions() {
        return assignments().appendKeySegment(assignment)
            .appendNavigationSegment("submissions");
    }

    private URIBuilder outcomes() {
        return submissions().appendKeySegment(submission)
            .appendNavigationSegment("outcomes");
    }

    /** The value of a property, or of one within it. */
    private static String text(ClientEntity entity, String... path) {
        ClientValue value = entity.getProperty(path[0]).getValue();
        for (int i = 1; i < path.length; i++) {
            value = value.asComplex().get(path[i]).getValue();
        }
        return value.isEnum() ? value.asEnum().getValue() : value.toString();
    }

    private ClientEntity read(URI uri) {
        return client.getRetrieveRequestFactory().getEntityRequest(uri).execute()
            .getBody();
    }

    private void post(URI uri) {
        client.getInvokeRequestFactory().getActionInvokeRequest(
            uri, ClientEntity.class).execute();
    }

    // To the validator every entity type needs a key; to OData 4.01, those in
    // sets do.  As in Graph, the type of the singleton has none.
    private Edm keyed() throws Exception {
        var request = client.getRetrieveRequestFactory().getRawRequest(
            URI.create(root + "/$metadata"));
        request.setFormat("application/xml");
        var xml = new String(request.execute().getRawResponse().readAllBytes(), UTF_8)
            .replace("<EntityType Name=\"educationRoot\">",
                "<EntityType Name=\"educationRoot\""
                + " BaseType=\"microsoft.graph.entity\">");
        return client.getReader().readMetadata(
            new ByteArrayInputStream(xml.getBytes(UTF_8)));
    }

    private void metadata() throws Exception {
        client.metadataValidation().validateMetadata(keyed());
        var xml = client.getRetrieveRequestFactory().getXMLMetadataRequest(root)
            .execute().getBody();
        Tap.is(client.metadataValidation().isV4Metadata(xml), true,
            "$metadata is valid");
        var outcome = client.getEdm(null).getEntityType(
            new FullQualifiedName("microsoft.graph.educationPointsOutcome"));
        Tap.is(outcome.getBaseType().getName(), "educationOutcome",
            "and derived types");
        var sets = client.getRetrieveRequestFactory()
            .getServiceDocumentRequest(root).execute().getBody();
        Tap.is(List.copyOf(sets.getSingletonNames()), List.of("education"),
            "the service document names the singleton");
    }

    private void assign() {
        var factory = client.getObjectFactory();
        var essay = factory.newEntity(
            new FullQualifiedName("microsoft.graph.educationAssignment"));
        essay.getProperties().add(factory.newPrimitiveProperty("displayName",
            factory.newPrimitiveValueBuilder().buildString("Essay")));
        var grading = factory.newComplexValue(
            "microsoft.graph.educationAssignmentPointsGradeType");
        grading.add(factory.newPrimitiveProperty("maxPoints",
            factory.newPrimitiveValueBuilder().buildSingle(100f)));
        essay.getProperties().add(factory.newComplexProperty("grading", grading));
        var draft = client.getCUDRequestFactory()
            .getEntityCreateRequest(assignments().build(), essay).execute()
            .getBody();
        assignment = text(draft, "id");
        Tap.is(text(draft, "status"), "draft", "an entity is created");
        post(assignments().appendKeySegment(assignment)
            .appendActionCallSegment("publish").build());
        Tap.is(text(read(assignments().appendKeySegment(assignment).build()),
            "status"), "assigned", "an action is invoked");
    }

    private void list() {
        ODataEntitySetRequest<ClientEntitySet> request =
            client.getRetrieveRequestFactory().getEntitySetRequest(submissions()
                .filter("status eq 'working'")
                .orderBy("id").top(2).count(true).expand("outcomes").build());
        var students = new ArrayList<String>();
        var page = request.execute().getBody();
        Tap.is(page.getCount(), 5, "$count is read");
        Tap.is(page.getEntities().get(0).getNavigationLink("outcomes")
            .asInlineEntitySet().getEntitySet().getEntities().size(), 2,
            "$expand is read");
        for (;;) {
            for (ClientEntity each : page.getEntities()) {
                var student = text(each, "recipient", "userId");
                students.add(student);
                if (student.equals("student")) {
                    submission = text(each, "id");
                }
            }
            if (page.getNext() == null) {
                break;
            }
            page = client.getRetrieveRequestFactory()
                .getEntitySetRequest(page.getNext()).execute().getBody();
        }
        Tap.is(students.stream().sorted().toList(),
            List.of("ada", "ben", "cleo", "dan", "student"),
            "@odata.nextLink leads through all pages");
    }

    private void grade() throws Exception {
        var listed = client.getRetrieveRequestFactory().getEntitySetRequest(
            outcomes().build()).execute().getBody().getEntities();
        Tap.is(listed.stream().map(each -> each.getTypeName().getName()).sorted()
            .toList(),
            List.of("educationFeedbackOutcome", "educationPointsOutcome"),
            "entities have their types");
        var outcome = listed.stream().filter(each -> each.getTypeName().getName()
            .equals("educationPointsOutcome")).findFirst().orElseThrow();
        var uri = outcomes().appendKeySegment(text(outcome, "id")).build();
        var etag = read(uri).getETag();
        Tap.is(text(update(uri, etag, 85), "points", "points"), "85",
            "an entity is patched");
        try {
            update(uri, etag, 10);
            Tap.is("no exception", "ODataClientErrorException", "412");
        } catch (ODataClientErrorException lost) {
            Tap.is(lost.getStatusLine().getStatusCode(), 412,
                "a lost race throws");
            Tap.is(lost.getODataError().getCode(), "preconditionFailed",
                "with its code");
        }
        Tap.is(text(read(uri), "points", "points"), "85", "the first PATCH stays");
    }

    private ClientEntity update(URI uri, String etag, float value) {
        var factory = client.getObjectFactory();
        var points = factory.newComplexValue(
            "microsoft.graph.educationAssignmentPointsGrade");
        points.add(factory.newPrimitiveProperty("points",
            factory.newPrimitiveValueBuilder().buildSingle(value)));
        var outcome = factory.newEntity(
            new FullQualifiedName("microsoft.graph.educationPointsOutcome"));
        outcome.getProperties().add(factory.newComplexProperty("points", points));
        var request = client.getCUDRequestFactory().getEntityUpdateRequest(
            uri, UpdateType.PATCH, outcome);
        request.setIfMatch(etag);
        return request.execute().getBody();
    }

    private void run() throws Exception {
        metadata();
        assign();
        list();
        grade();
    }

    public static void main(String[] args) {
        Tap.run(() -> new OlingoTest().run());
    }
}
