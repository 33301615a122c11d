namespace Cote.Tests.Media.Reading;

/// <summary>A document in the flat form of OpenDocument, and the formats that are made of it.</summary>
sealed record OfficeSource(string Xml, string[] Formats);

/// <summary>What LibreOffice makes documents of.</summary>
static class OfficeSources
{
    const string Namespaces = "xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" "
        + "xmlns:style=\"urn:oasis:names:tc:opendocument:xmlns:style:1.0\" "
        + "xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\" "
        + "xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" "
        + "xmlns:draw=\"urn:oasis:names:tc:opendocument:xmlns:drawing:1.0\" "
        + "xmlns:fo=\"urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0\" "
        + "xmlns:svg=\"urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0\" "
        + "xmlns:presentation=\"urn:oasis:names:tc:opendocument:xmlns:presentation:1.0\" "
        + "xmlns:number=\"urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0\" "
        + "xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" "
        + "xmlns:of=\"urn:oasis:names:tc:opendocument:xmlns:of:1.2\" office:version=\"1.3\"";

    public const string Hebrew = "שלום עולם, זהו מסמך בדיקה (עם סוגריים) ובו 123 מספרים ומילה English באמצע המשפט.";
    public const string Arabic = "مرحبا بالعالم، هذه وثيقة اختبار (مع أقواس) وفيها 456 رقما وكلمة English في الوسط.";

    static readonly string[] Texts = ["pdf", "docx", "odt"];

    public static readonly Dictionary<string, OfficeSource> All = new()
    {
        ["report.fodt"] = new(Text(Styles, Report), Texts),
        ["columns.fodt"] = new(Text(
            "<style:style style:name=\"S\" style:family=\"section\"><style:section-properties>"
            + "<style:columns fo:column-count=\"2\" fo:column-gap=\"1cm\"/></style:section-properties></style:style>",
            "<text:section text:style-name=\"S\" text:name=\"s\">" + P(Prose("alpha", 60)) + P(Prose("beta", 60))
            + "</text:section>"), ["pdf"]),
        ["hebrew.fodt"] = new(Text(RightToLeft, P(Hebrew, "R")), Texts),
        ["arabic.fodt"] = new(Text(RightToLeft, P(Arabic, "R")), Texts),
        ["notes.fodt"] = new(Text(Styles, Notes), Texts),
        ["sheet.fods"] = new(Document("spreadsheet", SheetStyles, Sheets), ["xlsx", "ods"]),
        ["slides.fodp"] = new(Document("presentation", "<style:page-layout style:name=\"L\"/>"
            + "<style:style style:name=\"T\" style:family=\"presentation\" style:parent-style-name=\"M-title\"/>"
            + "<style:style style:name=\"O\" style:family=\"presentation\" style:parent-style-name=\"M-notes\"/>",
            Slides,
            "<office:master-styles><style:master-page style:name=\"M\" style:page-layout-name=\"L\"/>"
            + "</office:master-styles>"), ["pptx", "odp", "pdf"]),
    };

    const string Styles = """
        <text:list-style style:name="B"><text:list-level-style-bullet text:level="1" text:bullet-char="•">
        <style:list-level-properties text:list-level-position-and-space-mode="label-alignment">
        <style:list-level-label-alignment text:label-followed-by="listtab" fo:text-indent="-0.6cm" fo:margin-left="1cm"/>
        </style:list-level-properties></text:list-level-style-bullet>
        <text:list-level-style-bullet text:level="2" text:bullet-char="◦"/></text:list-style>
        <text:list-style style:name="N"><text:list-level-style-number text:level="1" style:num-format="1"
        style:num-suffix="."><style:list-level-properties text:list-level-position-and-space-mode="label-alignment">
        <style:list-level-label-alignment text:label-followed-by="listtab" fo:text-indent="-0.6cm" fo:margin-left="1cm"/>
        </style:list-level-properties></text:list-level-style-number></text:list-style>
        """;

    const string RightToLeft = "<style:style style:name=\"R\" style:family=\"paragraph\"><style:paragraph-properties "
        + "style:writing-mode=\"rl-tb\" fo:text-align=\"end\"/></style:style>";

    const string Report = """
        <text:h text:outline-level="1">Quarterly report</text:h>
        <text:p>The committee met on the first of March. The fine print is difficult: office, affluent, flow.</text:p>
        <text:h text:outline-level="2">Figures</text:h>
        <table:table table:name="T"><table:table-column table:number-columns-repeated="3"/>
        <table:table-row><table:table-cell><text:p>Region</text:p></table:table-cell>
        <table:table-cell><text:p>Revenue</text:p></table:table-cell>
        <table:table-cell><text:p>Growth</text:p></table:table-cell></table:table-row>
        <table:table-row><table:table-cell><text:p>North</text:p></table:table-cell>
        <table:table-cell><text:p>1200</text:p></table:table-cell>
        <table:table-cell><text:p>4 %</text:p></table:table-cell></table:table-row>
        <table:table-row><table:table-cell><text:p>South</text:p></table:table-cell>
        <table:table-cell><text:p/></table:table-cell>
        <table:table-cell><text:p>-2 %</text:p></table:table-cell></table:table-row></table:table>
        <text:list text:style-name="B"><text:list-item><text:p>first point</text:p></text:list-item>
        <text:list-item><text:p>second point</text:p><text:list><text:list-item><text:p>inner point</text:p>
        </text:list-item></text:list></text:list-item></text:list>
        <text:list text:style-name="N"><text:list-item><text:p>step one</text:p></text:list-item>
        <text:list-item><text:p>step two</text:p></text:list-item></text:list>
        <text:p>Closing words.</text:p>
        """;

    const string Notes = """
        <text:tracked-changes><text:changed-region text:id="c1"><text:deletion><office:change-info>
        <dc:creator>Ann</dc:creator><dc:date>2026-01-01T00:00:00</dc:date></office:change-info>
        <text:p>vanished words</text:p></text:deletion></text:changed-region></text:tracked-changes>
        <text:p>Before<text:change text:change-id="c1"/> the note<text:note text:note-class="footnote">
        <text:note-citation>1</text:note-citation><text:note-body><text:p>The footnote says more.</text:p>
        </text:note-body></text:note> and after it.</text:p>
        <text:p>Here is<office:annotation><dc:creator>Bea</dc:creator><dc:date>2026-01-01T00:00:00</dc:date>
        <text:p>Please check.</text:p></office:annotation> a comment,<text:s text:c="2"/>a tab<text:tab/>and<text:line-break/>a
        new line.</text:p>
        <text:p>A box:<draw:frame text:anchor-type="paragraph" svg:width="8cm" svg:height="2cm"><draw:text-box>
        <text:p>Words in a box.</text:p></draw:text-box></draw:frame></text:p>
        """;

    const string SheetStyles = """
        <number:date-style style:name="D0"><number:year number:style="long"/><number:text>-</number:text>
        <number:month number:style="long"/><number:text>-</number:text><number:day number:style="long"/>
        </number:date-style>
        <number:percentage-style style:name="P0"><number:number number:decimal-places="1"/><number:text>%</number:text>
        </number:percentage-style>
        <number:boolean-style style:name="B0"><number:boolean/></number:boolean-style>
        <style:style style:name="B" style:family="table-cell" style:data-style-name="B0"/>
        <style:style style:name="D" style:family="table-cell" style:data-style-name="D0"/>
        <style:style style:name="P" style:family="table-cell" style:data-style-name="P0"/>
        <style:style style:name="H" style:family="table"><style:table-properties table:display="false"/></style:style>
        """;

    const string Sheets = """
        <table:table table:name="Sales"><table:table-row>
        <table:table-cell office:value-type="string"><text:p>Day</text:p></table:table-cell>
        <table:table-cell office:value-type="string"><text:p>Share</text:p></table:table-cell>
        <table:table-cell office:value-type="string"><text:p>Paid</text:p></table:table-cell>
        <table:table-cell office:value-type="string"><text:p>Sum</text:p></table:table-cell></table:table-row>
        <table:table-row>
        <table:table-cell table:style-name="D" office:value-type="date" office:date-value="2026-03-01"/>
        <table:table-cell table:style-name="P" office:value-type="percentage" office:value="0.125"/>
        <table:table-cell table:style-name="B" office:value-type="boolean" office:boolean-value="true"/>
        <table:table-cell table:formula="of:=1+2" office:value-type="float" office:value="3"/></table:table-row>
        <table:table-row table:number-rows-repeated="5000"><table:table-cell table:number-columns-repeated="9"/>
        </table:table-row>
        <table:table-row><table:table-cell table:number-columns-repeated="2"/>
        <table:table-cell office:value-type="string"><text:p>far below</text:p></table:table-cell></table:table-row>
        </table:table>
        <table:table table:name="Kept back" table:style-name="H"><table:table-row>
        <table:table-cell office:value-type="string"><text:p>secret margin</text:p></table:table-cell></table:table-row>
        </table:table>
        """;

    const string Slides = """
        <draw:page draw:name="p1" draw:master-page-name="M"><draw:frame presentation:class="title" presentation:style-name="T" svg:x="2cm" svg:y="1cm" svg:width="20cm"
        svg:height="3cm"><draw:text-box><text:p>Opening</text:p></draw:text-box></draw:frame>
        <draw:frame svg:x="2cm" svg:y="5cm" svg:width="20cm" svg:height="8cm"><draw:text-box><text:p>What we did</text:p>
        <text:p>What comes next</text:p></draw:text-box></draw:frame>
        <presentation:notes><draw:frame presentation:class="notes" presentation:style-name="O" svg:width="10cm" svg:height="10cm"><draw:text-box>
        <text:p>Speak slowly here.</text:p></draw:text-box></draw:frame></presentation:notes></draw:page>
        <draw:page draw:name="p2" draw:master-page-name="M"><draw:frame presentation:class="title" presentation:style-name="T" svg:x="2cm" svg:y="1cm" svg:width="20cm"
        svg:height="3cm"><draw:text-box><text:p>Numbers</text:p></draw:text-box></draw:frame>
        <draw:frame svg:x="2cm" svg:y="6cm" svg:width="20cm" svg:height="4cm"><table:table>
        <table:table-column/><table:table-column/>
        <table:table-row><table:table-cell><text:p>City</text:p></table:table-cell>
        <table:table-cell><text:p>People</text:p></table:table-cell></table:table-row>
        <table:table-row><table:table-cell><text:p>Bern</text:p></table:table-cell>
        <table:table-cell><text:p>134000</text:p></table:table-cell></table:table-row></table:table></draw:frame>
        </draw:page>
        """;

    /// <summary>Numbered words: what is out of order shows.</summary>
    public static string Prose(string word, int count) =>
        string.Join(' ', Enumerable.Range(1, count).Select(x => $"{word}{x} some words"));

    static string P(string text, string? style = null) =>
        $"<text:p{(style is null ? "" : $" text:style-name=\"{style}\"")}>{text}</text:p>";

    static string Text(string styles, string body) => Document("text", styles, body);

    static string Document(string kind, string styles, string body, string master = "") =>
        $"<?xml version=\"1.0\" encoding=\"UTF-8\"?><office:document {Namespaces} "
        + $"office:mimetype=\"application/vnd.oasis.opendocument.{kind}\"><office:automatic-styles>{styles}"
        + $"</office:automatic-styles>{master}<office:body><office:{kind}>{body}</office:{kind}></office:body>"
        + "</office:document>";
}
