using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Cote.Tests.House;

/// <summary>What the members of the library say of themselves, as the compiler wrote it beside the library.</summary>
static partial class Docstrings
{
    static readonly Dictionary<string, XElement> Summaries =
        XDocument.Load(Path.ChangeExtension(typeof(CoteHost).Assembly.Location, ".xml"))
        .Descendants("member").Where(x => x.Element("summary") is not null)
            .ToDictionary(x => x.Attribute("name")!.Value, x => x.Element("summary")!);

    /// <summary>
    /// The summary of a property or a field, with code between backticks; empty where there is none of its own.
    /// </summary>
    public static string Of(MemberInfo member) =>
        Summaries.TryGetValue($"{(member is FieldInfo ? 'F' : 'P')}:{member.DeclaringType!.FullName}.{member.Name}",
            out var summary)
            ? Space()
                .Replace(
                string.Concat(summary.Nodes().Select(x => x is XElement code ? $"`{code.Value}`" : ((XText)x).Value)),
                " ").Trim() : "";

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
