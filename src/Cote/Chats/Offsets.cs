using Microsoft.AspNetCore.Http;

namespace Cote.Chats;

/// <summary>
/// Paging by a number of items, which lists here do not have. A client that counts would read the first page again and
/// again, without end, so it is told.
/// </summary>
static class Offsets
{
    /// <summary>Makes any but the first page a 422.</summary>
    public static void Refuse(RequestReader request, HttpContext http)
    {
        foreach (var name in (string[])["skip", "offset"])
            if (http.Request.Query[name] is [{ Length: > 0 } given] && given != "0")
                request.AddQueryError(name, "Lists have no offset: follow the Link header to the next page", given);
    }
}
