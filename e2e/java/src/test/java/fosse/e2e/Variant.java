package fosse.e2e;

/** One SDK generation with one signature version. */
enum Variant {
    SDK1_V1("V1"), SDK1_V4("V4"), SDK2_V4("V4"), SDK2_V1("V1");

    final String signature;

    Variant(String signature) {
        this.signature = signature;
    }

    boolean v4() {
        return signature.equals("V4");
    }

    boolean sdk2() {
        return this == SDK2_V1 || this == SDK2_V4;
    }

    /** Alibaba Cloud OSS SDK v2 refuses to sign a V4 URL for more than seven days, v1 signs anything. */
    boolean refusesLongV4() {
        return this == SDK2_V4;
    }

    /** The EC of a signature that does not match. */
    String mismatch() {
        return v4() ? "0002-00000201" : "0002-00000040";
    }

    Sdk open() {
        return open(new Client());
    }

    Sdk open(Client client) {
        return sdk2() ? new SdkV2(this, client) : new SdkV1(this, client);
    }

    /** How a client reaches the server. */
    static final class Client {
        String endpoint = Settings.ENDPOINT;
        String region = Settings.REGION;
        String accessKeyId = Settings.ACCESS_KEY_ID;
        String accessKeySecret = Settings.ACCESS_KEY_SECRET;
        /** Of temporary credentials; null for a permanent AccessKey. */
        String securityToken;
        boolean pathStyle;

        Client endpoint(String value) {
            endpoint = value;
            return this;
        }

        Client region(String value) {
            region = value;
            return this;
        }

        Client accessKeyId(String value) {
            accessKeyId = value;
            return this;
        }

        Client accessKeySecret(String value) {
            accessKeySecret = value;
            return this;
        }

        Client securityToken(String value) {
            securityToken = value;
            return this;
        }

        Client pathStyle() {
            pathStyle = true;
            return this;
        }
    }
}
