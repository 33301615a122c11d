using System.Text.RegularExpressions;

namespace Cote.Tests.House;

public sealed class RoomOrderTests
{
    // A room may use only the rooms on the floors below; neighbours on a floor do not know each other.
    static readonly string[][] Floors =
    [
        ["Primitives"], ["Data"], ["Events", "Http"], ["Users", "Chats", "Media"], ["Messages"], ["Assistants", "Realtime"], ["Account"],
    ];

    static readonly string[] Rooms = [.. Floors.SelectMany(x => x)];

    [Fact]
    public void A_room_uses_only_the_rooms_below_it()
    {
        var source = Repository.Path("src/Cote");
        var files = Directory.GetFiles(source, "*.cs", SearchOption.AllDirectories)
            .Select(x => (Path: Path.GetRelativePath(source, x).Replace('\\', '/'), File: x))
            .Where(x => x.Path.Contains('/') && !x.Path.StartsWith("obj/", StringComparison.Ordinal) && !x.Path.StartsWith("bin/", StringComparison.Ordinal))
            .ToList();

        files.Select(x => x.Path.Split('/')[0]).Distinct().Except(Rooms).ShouldBeEmpty("every folder is a room with a floor of its own");
        files.Count.ShouldBeGreaterThan(50);
        files.SelectMany(x => Faults(x.Path, File.ReadAllText(x.File))).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Messages/A.cs", "using Cote.Assistants.Providers;", "Messages/A.cs: Messages may not see Assistants: move it down or raise an event")]
    [InlineData("Events/A.cs", "class A { Cote.Http.Answer? _a; }", "Events/A.cs: Events may not see Http: move it down or raise an event")]
    [InlineData("Realtime/Deep/A.cs", "class A { Assistants.Run? _a; }", "Realtime/Deep/A.cs: Realtime may not see Assistants: move it down or raise an event")]
    [InlineData("Chats/A.cs", "using static Cote.Users.Fold;", "Chats/A.cs: Chats may not see Users: move it down or raise an event")]
    [InlineData("Assistants/A.cs", "using Cote.Messages; // as Cote.Realtime does\nvar a = \"Realtime.Frames\" + options.Realtime.Frames;", null)]
    public void It_would_say_so(string path, string text, string? fault) =>
        Faults(path, text).ShouldBe(fault is null ? [] : [fault]);

    static IEnumerable<string> Faults(string path, string text)
    {
        var room = path.Split('/')[0];
        var floor = Array.FindIndex(Floors, x => x.Contains(room));
        var above = Floors.Skip(floor).SelectMany(x => x).Except([room]).ToHashSet();
        var code = Regex.Replace(text, """//[^\n]*|"(?:\\.|[^"\\\n])*"|'"'""", "");
        return Regex.Matches(code, $@"\bCote\.({string.Join('|', Rooms)})\b|(?<![\w.])({string.Join('|', Rooms)})\.[A-Z]")
            .Select(x => x.Groups[1].Success ? x.Groups[1].Value : x.Groups[2].Value)
            .Where(above.Contains).Distinct()
            .Select(x => $"{path}: {room} may not see {x}: move it down or raise an event");
    }
}
