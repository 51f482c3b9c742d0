// The Java sample of the vendor's page "WA API" (api/v3/sendwa/plain), as printed, but for what it takes to compile it
// (a doubled "import", a missing one, typographic quotes, the closing braces) and to aim it: the address and the four
// values come from the command line. java sendSMS.java URL USER PASSWORD NUMBER TEXT
import java.io.OutputStreamWriter;
import java.net.URL;
import java.net.URLConnection;
import java.net.URLEncoder;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.Transformer;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;
public class sendSMS {
public static void main(String[] args) {
try {
String data = URLEncoder.encode("username", "UTF-8") + "=" +
URLEncoder.encode(args[1], "UTF-8");
data += "&" + URLEncoder.encode("password", "UTF-8") + "=" +
URLEncoder.encode(args[2], "UTF-8");
data += "&" + URLEncoder.encode("text", "UTF-8") + "=" +
URLEncoder.encode(args[4], "UTF-8");
data += "&" + URLEncoder.encode("GSM", "UTF-8") + "=" +
URLEncoder.encode(args[3], "UTF-8");
// Send data
URL url = new URL(args[0]);
URLConnection conn = url.openConnection();
conn.setDoOutput(true);
OutputStreamWriter wr = new OutputStreamWriter(conn.getOutputStream());
wr.write(data);
wr.flush();
// Get the response
DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
DocumentBuilder builder = factory.newDocumentBuilder();
Document doc = builder.parse(conn.getInputStream());
TransformerFactory factory1 = TransformerFactory.newInstance();
Transformer xform = factory1.newTransformer();
xform.transform(new DOMSource(doc), new StreamResult(System.out));
} catch (Exception e) {

System.out.println(e.toString());
}
}
}
