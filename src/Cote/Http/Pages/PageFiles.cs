using System.Collections.Frozen;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.StaticFiles;

namespace Cote.Http;

/// <summary>The built files of clients/page, embedded in the program.</summary>
sealed partial class PageFiles
{
    const string Folder = "Page/";

    static readonly FileExtensionContentTypeProvider Types = new();

    readonly FrozenDictionary<string, PageFile> _files = typeof(PageFiles).Assembly.GetManifestResourceNames()
        .Where(x => x.StartsWith(Folder, StringComparison.Ordinal))
        .ToFrozenDictionary(x => x[Folder.Length..], Read, StringComparer.Ordinal);

    /// <summary>The file of this name, or null.</summary>
    public PageFile? Find(string name) => _files.GetValueOrDefault(name);

    static PageFile Read(string resource) => new(resource,
        Types.TryGetContentType(resource, out var type) ? type : "application/octet-stream",
        isForever: Hashed().IsMatch(resource));

    // The build writes a hash of the content into the names of all files that another one names.
    [GeneratedRegex(@"-[A-Za-z0-9_-]{8}\.[a-z0-9]+$")]
    private static partial Regex Hashed();
}
