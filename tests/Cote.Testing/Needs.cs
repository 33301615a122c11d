using Xunit.Sdk;

namespace Cote.Testing;

/// <summary>
/// What tests need of the machine beside the SDK. Where it is missing they are skipped with a sentence at home, and
/// fail where <c>CI=true</c>: what CI passes over in silence would be tested nowhere.
/// </summary>
public static class Needs
{
    /// <summary>
    /// The exception that ends a test which cannot run here: <c>throw Needs.Missing("There is no …")</c>.
    /// </summary>
    public static Exception Missing(string sentence) => Environment.GetEnvironmentVariable("CI") == "true"
        ? FailException.ForFailure(sentence + " In CI there must be.") : SkipException.ForSkip(sentence);

    /// <summary>The file of an installed program.</summary>
    public static string Program(string name, params IEnumerable<string> folders) =>
        Find(name, folders) ?? throw Missing($"There is no {name} on this machine.");

    /// <summary>The file of a program on the PATH or in one of these folders, or null.</summary>
    public static string? Find(string name, params IEnumerable<string> folders) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':', StringSplitOptions.RemoveEmptyEntries).Concat(folders)
            .Select(x => Path.Combine(x, name)).FirstOrDefault(File.Exists);
}
