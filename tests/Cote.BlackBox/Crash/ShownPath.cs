using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cote.BlackBox.Crash;

/// <summary>The path of a chat as a client keeps it that shows nothing else: docs/realtime.md, branches.</summary>
sealed class ShownPath
{
    readonly SortedDictionary<long, JsonElement> _messages = [];

    /// <summary>What is on the screen, oldest first.</summary>
    public IEnumerable<JsonElement> Messages => _messages.Values;

    /// <summary>A message that an event or a fetch brought.</summary>
    public void Take(JsonElement message)
    {
        var seq = message.GetProperty("seq").GetInt64();
        if (message.TryGetProperty("on_path", out _))
            _messages.Remove(seq);
        else
            _messages[seq] = message;
    }

    /// <summary>A message is gone: what followed it follows its parent.</summary>
    public void Delete(string id, string? parent)
    {
        foreach (var (seq, message) in _messages.ToList())
            if (message.GetProperty("id").GetString() == id)
                _messages.Remove(seq);
            else if (message.GetProperty("parent_id").GetString() == id)
                _messages[seq] = After(message, parent);
    }

    /// <summary>Another path is active above a place.</summary>
    public void Replace(long after, IEnumerable<JsonElement> fetched)
    {
        foreach (var seq in _messages.Keys.Where(x => x > after).ToList())
            _messages.Remove(seq);
        foreach (var message in fetched)
            Take(message);
    }

    /// <summary>The message with another parent.</summary>
    public static JsonElement After(JsonElement message, string? parent)
    {
        var data = JsonObject.Create(message)!;
        data["parent_id"] = parent;
        return JsonElement.Parse(data.ToJsonString());
    }
}
