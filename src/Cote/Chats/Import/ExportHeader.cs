using System.Text.Json;

namespace Cote.Chats;

/// <summary>What an export of Cote's says before its chats: whose it is, and the names of the uploads.</summary>
sealed class ExportHeader
{
    readonly Dictionary<string, string> _media = [];

    /// <summary>The account that the export came from.</summary>
    public string? UserId { get; private set; }

    /// <summary>The name of an upload, or null where the export does not tell it.</summary>
    public string? NameOf(string mediaId) => _media.GetValueOrDefault(mediaId);

    /// <summary>Reads a member of the export's object, if it is one that counts.</summary>
    public void Take(string name, ReadOnlyMemory<byte> json)
    {
        if (name is not ("user" or "user_id" or "media"))
            return;
        try
        {
            using var document = JsonDocument.Parse(json, LooseExport.Reading);
            var value = document.RootElement;
            if (name == "media")
                TakeMedia(value);
            else
                UserId ??= Ids.Parse(name == "user" ? value.AsText("id") : value.AsText());
        }
        catch (JsonException)
        {
            // No export of Cote's is like that, and no other has such a member.
        }
    }

    void TakeMedia(JsonElement list)
    {
        foreach (var file in list.Items())
            if (file.AsText("id") is { } id && file.AsText("name") is { Length: > 0 } name)
                _media[id] = name;
    }
}
