package fosse.e2e;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Every part of a presigned URL changed, one at a time, and how each change has to be refused. The text is cut up and
 * put together without decoding anything.
 */
final class Alterations {
    /** An outcome that an altered URL may have; {@code ec} null where the documentation does not settle it. */
    record Refusal(int status, String code, String ec) {
        boolean is(int answered, Plain.ErrorDocument document) {
            return status == answered && code.equals(document.code()) && (ec == null || ec.equals(document.ec()));
        }
    }

    record Alteration(String what, String url, List<Refusal> expected) {
    }

    private final List<Alteration> out = new ArrayList<>();
    private final Refusal differs;
    private final String url;
    private final String base;
    private final List<String> params;

    private Alterations(Variant variant, String url) {
        differs = new Refusal(403, "SignatureDoesNotMatch", variant.mismatch());
        this.url = url;
        base = url.substring(0, url.indexOf('?'));
        params = List.of(url.substring(url.indexOf('?') + 1).split("&"));
    }

    static List<Alteration> of(Variant variant, String url) {
        Alterations a = new Alterations(variant, url);
        for (int i = 0; i < a.params.size(); i++) {
            a.parameter(variant, i);
        }
        a.path();
        a.added(variant);
        return a.out;
    }

    private void add(String what, String changed, Refusal... expected) {
        out.add(new Alteration(what, changed, List.of(expected)));
    }

    private static Refusal invalid(String ec) {
        return new Refusal(400, "InvalidArgument", ec);
    }

    private String query(UnaryOperator<List<String>> change) {
        return base + "?" + String.join("&", change.apply(new ArrayList<>(params)));
    }

    private String with(int index, String param) {
        return query(list -> {
            list.set(index, param);
            return list;
        });
    }

    private void parameter(Variant variant, int index) {
        String param = params.get(index);
        String name = param.substring(0, param.indexOf('='));
        String value = param.substring(name.length() + 1);
        String altered = name + "=" + value.substring(0, value.length() - 1) + other(value.charAt(value.length() - 1));
        Refusal[] wantAltered = {differs};
        Refusal[] wantDropped = {differs};
        Refusal[] wantDoubled = {invalid(null)};
        switch (name) {
            case "OSSAccessKeyId" -> {
                wantAltered = new Refusal[] {new Refusal(403, "InvalidAccessKeyId", "0002-00000902")};
                wantDropped = new Refusal[] {new Refusal(403, "AccessDenied", "0002-00000071")};
            }
            case "Expires" -> wantDropped = new Refusal[] {new Refusal(403, "AccessDenied", null)};
            case "Signature" -> {
                altered = null;
                wantDropped = new Refusal[] {new Refusal(403, "AccessDenied", "0002-00000074")};
            }
            case "x-oss-signature-version" -> {
                wantAltered = new Refusal[] {invalid(null)};
                wantDropped = wantAltered;
            }
            case "x-oss-credential" -> {
                wantAltered = new Refusal[] {invalid(null)};
                wantDropped = wantAltered;
                add("another region", url.replace("%2F" + Settings.REGION + "%2F", "%2Fcn-shenzhen%2F"),
                    invalid("0002-00000226"));
                add("another product", url.replace("%2Foss%2F", "%2Fecs%2F"), invalid("0002-00000227"));
                add("another key", url.replace("=" + Settings.ACCESS_KEY_ID + "%2F", "=" + Settings.ACCESS_KEY_ID + "x%2F"),
                    new Refusal(403, "InvalidAccessKeyId", "0002-00000902"));
            }
            case "x-oss-date" -> {
                // 20260102T030405Z: the last second, not the Z.
                int n = value.length() - 2;
                altered = name + "=" + value.substring(0, n) + other(value.charAt(n)) + "Z";
                wantDropped = new Refusal[] {invalid(null), new Refusal(403, "AccessDenied", "0002-00000503")};
            }
            case "x-oss-expires" -> wantDropped = new Refusal[] {invalid("0002-00000215")};
            case "x-oss-signature" -> {
                altered = null;
                wantDropped = new Refusal[] {invalid("0002-00000219")};
            }
            default -> {
                if (variant.v4()) {
                    // Not a parameter of the authentication: it only makes the canonical request another.
                    wantDoubled = new Refusal[] {differs, invalid(null)};
                }
            }
        }
        if (altered == null) {
            signature(index, name, value);
        } else {
            add(name + " altered", with(index, altered), wantAltered);
        }
        add(name + " dropped", query(list -> {
            list.remove(index);
            return list;
        }), wantDropped);
        add(name + " doubled", url + "&" + param, wantDoubled);
    }

    /** Each character of a signature becomes another that is legal there. */
    private void signature(int index, String name, String value) {
        for (int i = 0; i < value.length(); i++) {
            String changed;
            if (value.charAt(i) == '%') {
                // An escaped + / or = of the base64 text: another of them instead.
                String swap = Map.of("%2B", "%2F", "%2F", "%2B", "%3D", "A").get(value.substring(i, i + 3));
                changed = value.substring(0, i) + swap + value.substring(i + 3);
            } else {
                changed = value.substring(0, i) + other(value.charAt(i)) + value.substring(i + 1);
            }
            add("signature character " + i, with(index, name + "=" + changed), differs);
            if (value.charAt(i) == '%') {
                i += 2;
            }
        }
    }

    /** Every letter and digit of the path, the bucket included; escapes stay what they are. */
    private void path() {
        String query = url.substring(base.length());
        int start = base.indexOf('/', "http://".length()) + 1;
        for (int i = start; i < base.length(); i++) {
            char c = base.charAt(i);
            if (alphanumeric(c) && base.charAt(i - 1) != '%' && base.charAt(i - 2) != '%') {
                add("path character " + (i - start), base.substring(0, i) + other(c) + base.substring(i + 1) + query,
                    differs);
            }
        }
        add("path longer", base + "x" + query, differs);
        add("path shorter", base.substring(0, base.length() - 1) + query, differs);
        add("path with a slash", base + "/" + query, differs);
    }

    private void added(Variant variant) {
        List<String> params = new ArrayList<>(List.of("versionId=null", "response-content-encoding=x", "acl",
            "x-oss-process=image/info", "x-oss-anything=1"));
        if (variant.v4()) {
            params.addAll(List.of("anything=1", "prefix=a"));
        }
        for (String param : params) {
            add(param + " added", url + "&" + param, differs);
        }
    }

    private static boolean alphanumeric(char c) {
        return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
    }

    /** Another character of the same kind: a digit for a digit, and a to f for a to f. */
    private static char other(char c) {
        if (!alphanumeric(c)) {
            return 'x';
        }
        return (char) ("9fzZ".indexOf(c) >= 0 ? c - 1 : c + 1);
    }
}
