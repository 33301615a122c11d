using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Cote.Client;

namespace Cote.BlackBox.Clients;

/// <summary>
/// The golden vectors, which hold clients of every language to the same: what the server sent, and the state that it
/// answered afterwards.
/// </summary>
public sealed class DotNetClientVectorTests
{
    static readonly string Folder = Repository.Path("clients/vectors");

    public static TheoryData<string> Names =>
        [.. Directory.EnumerateFiles(Folder, "*.json").Select(x => Path.GetFileNameWithoutExtension(x)).Order()];

    [Theory, MemberData(nameof(Names))]
    public void The_replica_comes_to_what_the_server_answers(string name)
    {
        var vector = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, name + ".json")))!;
        var replica = new Replica();
        var steps = vector["steps"]!.AsArray();
        steps.Count.ShouldBeGreaterThan(0);
        for (var at = 0; at < steps.Count; at++)
            replica = Take(replica, steps[at]!.AsObject(), $"step {at}");

        var expected = vector["expect"]!;
        replica.Cursor?.ToString().ShouldBe((string?)expected["cursor"]);
        // Read and written once, so that what is false or null stands in one form; unknown fields are kept by that.
        var chats = expected["chats"]!.Deserialize(CoteJson.Default.IReadOnlyListChat)!;
        ShouldBe(Json(replica.Chats, CoteJson.Default.IReadOnlyListChat),
            Json(chats, CoteJson.Default.IReadOnlyListChat), "chats");
        foreach (var (chat, node) in expected["messages"]!.AsObject())
        {
            var messages = node!.Deserialize(CoteJson.Default.IReadOnlyListMessage)!;
            ShouldBe(new JsonArray([.. replica.Messages(chat).Select(Comparable)]),
                new JsonArray([.. messages.Select(Comparable)]), "messages of " + chat);
        }
    }

    [Fact]
    public void There_are_vectors_and_a_wrong_end_is_seen()
    {
        Names.Count.ShouldBeGreaterThan(10);
        Should.Throw<ShouldAssertException>(() =>
            ShouldBe(JsonNode.Parse("""[{"a":1,"b":null}]""")!, JsonNode.Parse("""[{"a":2}]""")!, "numbers"));
        ShouldBe(JsonNode.Parse("""[{"a":1,"b":null}]""")!, JsonNode.Parse("""[{"a":1}]""")!, "null is absent");
    }

    static Replica Take(Replica replica, JsonObject step, string where)
    {
        var (kind, value) = (step.First().Key, step.First().Value!);
        switch (kind)
        {
            case "frame":
                replica.Take(value.Deserialize(CoteJson.Default.Frame)!);
                break;
            case "open":
                replica.Open((string)value!);
                break;
            case "sync":
                replica.TakeSync(value.Deserialize(CoteJson.Default.SyncAnswer)!);
                break;
            case "chat":
                replica.TakeRow(value.Deserialize(CoteJson.Default.Chat)!);
                break;
            case "put":
                replica.TakeAnswer(value["message"].Deserialize(CoteJson.Default.Message)!, replica.Syncs);
                break;
            case "reload":
                var saved = JsonSerializer.Serialize(replica.Save("user"), CoteJson.Default.StoredState);
                replica = new();
                replica.Load(JsonSerializer.Deserialize(saved, CoteJson.Default.StoredState)!);
                break;
            case "want":
                var wants = value.AsArray().Select(WantOf).ToList();
                replica.Wanted().ShouldBe(wants, ignoreOrder: true, where);
                wants.ForEach(replica.Begin);
                break;
            case "messages":
                replica.TakeMessages(
                    new((string)value["chat_id"]!, (long?)value["after"]),
                    value["items"].Deserialize(CoteJson.Default.IReadOnlyListMessage)!, (bool?)value["more"] ?? false);
                break;
            case "expect":
                foreach (var (chat, messages) in value["messages"]!.AsObject())
                    replica.Messages(chat).Select(x => (x.Id, x.Content)).ShouldBe(
                        messages!.AsArray().Select(x => ((string)x!["id"]!, (string)x["content"]!)), where);
                break;
            default:
                Assert.Fail($"This test does not know a step “{kind}”.");
                break;
        }
        return replica;
    }

    static Want WantOf(JsonNode? want) => want switch
    {
        JsonValue => Want.Sync,
        _ when want!["chat"] is { } row => new((string)row!, IsRow: true),
        _ => new((string)want!["chat_id"]!, (long?)want["after"]),
    };

    // When an open reply was listed first, and its status, no frame tells.
    static JsonNode Comparable(Message message)
    {
        var json = Json(message, CoteJson.Default.Message).AsObject();
        if (message.IsOpen)
        {
            json.Remove("timestamp");
            json.Remove("status");
        }
        return json;
    }

    static JsonNode Json<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToNode(value, type)!;

    static void ShouldBe(JsonNode actual, JsonNode expected, string what) =>
        // The number of the last change is that of a batch of events: the frames tell another one, which is lower.
        PlainJson.Of(actual, "changed").ShouldBe(PlainJson.Of(expected, "changed"), what);
}
