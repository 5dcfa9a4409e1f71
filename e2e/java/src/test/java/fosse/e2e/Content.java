package fosse.e2e;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;

/** Bodies, and the checksums that the service gives for them. Computed here, not by an SDK. */
final class Content {
    private Content() {
    }

    /** Bytes that are not text and differ by seed. */
    static byte[] of(long seed, int size) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    static String etag(byte[] body) {
        try {
            return HexFormat.of().withUpperCase().formatHex(MessageDigest.getInstance("MD5").digest(body));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** CRC-64/XZ, bit by bit, as the decimal text of the unsigned number. */
    static String crc(byte[] body) {
        long crc = -1;
        for (byte b : body) {
            crc ^= b & 0xff;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 1) == 0 ? crc >>> 1 : crc >>> 1 ^ 0xC96C5795D7870F42L;
            }
        }
        return Long.toUnsignedString(~crc);
    }
}
