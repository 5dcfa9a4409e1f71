package fosse.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.function.Executable;

/** Refusals of the service as an SDK reports them. */
final class Refusals {
    private Refusals() {
    }

    /** Fails unless the call is refused with this status, code and, if not null, EC. */
    static Sdk.Failure refused(Sdk sdk, int status, String code, String ec, Executable call) {
        Throwable thrown = assertThrows(Throwable.class, call, code);
        Sdk.Failure failure = sdk.failure(thrown)
            .orElseThrow(() -> new AssertionError("expected " + status + " " + code, thrown));
        assertEquals(code, failure.code(), failure.message());
        if (failure.status() != 0) {
            assertEquals(status, failure.status(), code);
        }
        if (ec != null) {
            assertEquals(ec, failure.ec(), code);
        }
        assertNotNull(failure.requestId(), code);
        assertTrue(failure.requestId().matches("[0-9A-F]{24}"), () -> code + " with request id " + failure.requestId());
        return failure;
    }
}
