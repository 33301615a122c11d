using System.Text.RegularExpressions;

namespace Cote.Tests.House;

public sealed class RoomOrderTests
{
    // A room may use only the rooms on the floors below; neighbours on a floor do not know each other.
    static readonly string[][] Floors =
    [
        ["Primitives"], ["Data"], ["Cluster", "Http"], ["Events"], ["Notices"], ["Users", "Media", "Models"],
        ["Usage", "Tools"], ["Chats"],
        ["Replies"], ["Delivery"], ["Admin", "Extensibility", "Dialects"],
    ];

    static readonly string[] Rooms = [.. Floors.SelectMany(x => x)];

    [Fact]
    public void A_room_uses_only_the_rooms_below_it()
    {
        var source = Repository.Path("src/Cote");
        var files = Directory.GetFiles(source, "*.cs", SearchOption.AllDirectories)
            .Select(x => (Path: Path.GetRelativePath(source, x).Replace('\\', '/'), File: x))
            .Where(x => x.Path.Contains('/') && !x.Path.StartsWith("obj/", StringComparison.Ordinal)
                && !x.Path.StartsWith("bin/", StringComparison.Ordinal))
            .ToList();

        files.Select(x => x.Path.Split('/')[0])
            .Distinct().Except(Rooms).ShouldBeEmpty("every folder is a room with a floor of its own");
        files.Count.ShouldBeGreaterThan(50);
        files.SelectMany(x => Faults(x.Path, File.ReadAllText(x.File))).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Chats/A.cs", "using Cote.Replies.Parts;",
        "Chats/A.cs: Chats may not see Replies: move it down or raise an event")]
    [InlineData("Cluster/A.cs", "class A { Cote.Http.ApiResults? _a; }",
        "Cluster/A.cs: Cluster may not see Http: move it down or raise an event")]
    [InlineData("Delivery/Deep/A.cs", "class A { Admin.Control? _a; }",
        "Delivery/Deep/A.cs: Delivery may not see Admin: move it down or raise an event")]
    [InlineData("Media/A.cs", "using static Cote.Users.Fold;",
        "Media/A.cs: Media may not see Users: move it down or raise an event")]
    [InlineData("Replies/A.cs",
        "using Cote.Chats; // as Cote.Delivery does\nvar a = \"Delivery.Frames\" + options.Delivery.Frames;", null)]
    public void It_would_say_so(string path, string text, string? fault) =>
        Faults(path, text).ShouldBe(fault is null ? [] : [fault]);

    static IEnumerable<string> Faults(string path, string text)
    {
        var room = path.Split('/')[0];
        var floor = Array.FindIndex(Floors, x => x.Contains(room));
        var above = Floors.Skip(floor).SelectMany(x => x).Except([room]).ToHashSet();
        var code = Regex.Replace(text, """//[^\n]*|"(?:\\.|[^"\\\n])*"|'"'""", "");
        return Regex.Matches(
            code, $@"\bCote\.({string.Join('|', Rooms)})\b|(?<![\w.])({string.Join('|', Rooms)})\.[A-Z]")
            .Select(x => x.Groups[1].Success ? x.Groups[1].Value : x.Groups[2].Value)
            .Where(above.Contains).Distinct()
            .Select(x => $"{path}: {room} may not see {x}: move it down or raise an event");
    }
}
