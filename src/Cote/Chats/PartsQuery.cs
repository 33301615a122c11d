namespace Cote.Chats;

/// <summary>The parameter <c>parts</c> of a query: how much of the parts of replies is shown.</summary>
static class PartsQuery
{
    /// <summary>Reads it; what is none of the words is an error of the request.</summary>
    public static PartsView Read(RequestReader request, string? text)
    {
        if (Parse(text) is { } view)
            return view;
        request.AddQueryError("parts", "it is none, light or all", text);
        return PartsView.Light;
    }

    /// <summary>The view of a word, light where there is none; null where it is another word.</summary>
    public static PartsView? Parse(string? text) => text switch
    {
        null or "" or "light" => PartsView.Light,
        "all" => PartsView.All,
        "none" => PartsView.None,
        _ => null,
    };
}
