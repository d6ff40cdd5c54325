//! Reads single elements of the model: columns, keys, constraints, indexes, sequences. It does not join them.
use crate::model::{
    Check, ComputedColumn, DefaultConstraint, ForeignKey, ForeignKeyAction, Identity, Index, Key, KeyColumn,
    Programmable, Sequence,
};
use crate::name::ObjectName;
use crate::type_spec::TypeSpec;
use crate::xml::Node;

impl Node {
    pub(crate) fn kind(&self) -> &str {
        self.attribute("Type").unwrap_or_default()
    }

    pub(crate) fn name(&self) -> ObjectName {
        self.attribute("Name").and_then(ObjectName::parse).unwrap_or_default()
    }

    /// A property, whether written as an attribute or as a script.
    pub(crate) fn property(&self, name: &str) -> Option<&str> {
        let property = self
            .elements("Property")
            .find(|property| property.attribute("Name") == Some(name))?;
        property
            .attribute("Value")
            .or_else(|| property.child("Value").map(Node::text))
    }

    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.property(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    fn entries<'a>(&'a self, relationship: &'a str) -> impl Iterator<Item = &'a Node> {
        self.elements("Relationship")
            .filter(move |found| found.attribute("Name") == Some(relationship))
            .flat_map(|found| found.elements("Entry"))
            .flat_map(|entry| entry.children.iter())
    }

    pub(crate) fn members<'a>(&'a self, relationship: &'a str) -> impl Iterator<Item = &'a Node> {
        self.entries(relationship).filter(|member| member.tag == "Element")
    }

    pub(crate) fn references<'a>(&'a self, relationship: &'a str) -> impl Iterator<Item = ObjectName> + 'a {
        self.entries(relationship)
            .filter(|member| member.tag == "References")
            .map(Node::name)
    }

    fn annotation(&self, kind: &str, name: Option<&str>) -> Option<&Node> {
        self.elements("Annotation")
            .find(|found| found.kind() == kind && (name.is_none() || found.attribute("Name") == name))
    }

    /// The first property of that name, here or anywhere below.
    fn deep_property(&self, name: &str) -> Option<&str> {
        self.property(name)
            .or_else(|| self.children.iter().find_map(|child| child.deep_property(name)))
    }

    /// A name that the server made up is kept in an annotation only.
    fn constraint_name(&self) -> String {
        let own = self.name();
        if !own.0.is_empty() {
            return own.last().to_owned();
        }
        let annotation = self
            .elements("Annotation")
            .map(Node::name)
            .find(|name| !name.0.is_empty());
        annotation.map(|name| name.last().to_owned()).unwrap_or_default()
    }

    fn not_trusted(&self) -> bool {
        self.annotation("IsNotTrustedPropertyAnnotation", None).is_some()
    }

    /// The whole number that a property holds; `absent` without the property.
    fn whole(&self, name: &str, absent: i128) -> Result<i128, String> {
        self.property(name).map_or(Ok(absent), |text| {
            text.parse().map_err(|_| format!("{name} is {text:?}"))
        })
    }

    fn online_value(&self, name: &str) -> Result<Option<i128>, String> {
        self.annotation("OnlinePropertyAnnotation", Some(name))
            .map(|found| found.whole("Value", 0))
            .transpose()
    }
}

pub(crate) fn identity(node: &Node) -> Result<Option<Identity>, String> {
    if !node.is_true("IsIdentity") {
        return Ok(None);
    }
    let (seed, increment) = (node.whole("IdentitySeed", 1)?, node.whole("IdentityIncrement", 1)?);
    Ok(Some(Identity {
        seed,
        increment,
        last_value: node.online_value("[LastValue]")?,
    }))
}

pub(crate) fn computed(node: &Node) -> ComputedColumn {
    ComputedColumn {
        name: node.name().last().to_owned(),
        expression: node.property("ExpressionScript").unwrap_or_default().to_owned(),
        persisted: node.is_true("IsPersisted"),
    }
}

fn key_columns(node: &Node) -> Vec<KeyColumn> {
    let column = |found: &Node| {
        let name = found.references("Column").next()?.last().to_owned();
        let descending = found
            .property("IsAscending")
            .is_some_and(|value| value.eq_ignore_ascii_case("false"));
        Some(KeyColumn { name, descending })
    };
    node.members("ColumnSpecifications").filter_map(column).collect()
}

fn names(node: &Node, relationship: &str) -> Vec<String> {
    node.references(relationship)
        .map(|name| name.last().to_owned())
        .collect()
}

pub(crate) fn key(node: &Node, clustered_by_default: bool) -> Key {
    let clustered = node
        .property("IsClustered")
        .map(|value| value.eq_ignore_ascii_case("true"));
    Key {
        name: node.constraint_name(),
        columns: key_columns(node),
        clustered: clustered.unwrap_or(clustered_by_default),
    }
}

pub(crate) fn foreign_key(node: &Node) -> Result<ForeignKey, String> {
    let action = |name| match node.property(name) {
        None | Some("0") => Ok(ForeignKeyAction::NoAction),
        Some("1") => Ok(ForeignKeyAction::Cascade),
        Some("2") => Ok(ForeignKeyAction::SetNull),
        Some("3") => Ok(ForeignKeyAction::SetDefault),
        Some(other) => Err(format!("{name} is {other:?}")),
    };
    Ok(ForeignKey {
        name: node.constraint_name(),
        columns: names(node, "Columns"),
        foreign_table: node.references("ForeignTable").next().ok_or("no foreign table")?,
        foreign_columns: names(node, "ForeignColumns"),
        on_delete: action("OnDeleteAction")?,
        on_update: action("OnUpdateAction")?,
        not_trusted: node.not_trusted(),
    })
}

pub(crate) fn check(node: &Node) -> Check {
    Check {
        name: node.constraint_name(),
        expression: node.property("CheckExpressionScript").unwrap_or_default().to_owned(),
        not_trusted: node.not_trusted(),
    }
}

pub(crate) fn default(node: &Node) -> DefaultConstraint {
    DefaultConstraint {
        name: node.constraint_name(),
        column: node
            .references("ForColumn")
            .next()
            .unwrap_or_default()
            .last()
            .to_owned(),
        expression: node.property("DefaultExpressionScript").unwrap_or_default().to_owned(),
    }
}

pub(crate) fn index(node: &Node) -> Index {
    Index {
        name: node.name().last().to_owned(),
        columns: key_columns(node),
        included: names(node, "IncludedColumns"),
        unique: node.is_true("IsUnique"),
        clustered: node.is_true("IsClustered"),
        filter: node.property("FilterPredicate").map(str::to_owned),
    }
}

pub(crate) fn sequence(node: &Node) -> Result<Sequence, String> {
    let bound = |name: &str| node.property(name).map(|_| node.whole(name, 0)).transpose();
    let declared = node
        .members("TypeSpecifier")
        .next()
        .and_then(TypeSpec::read)
        .map(|spec| spec.name.to_string());
    Ok(Sequence {
        name: node.name(),
        declared: declared.unwrap_or_else(|| "[bigint]".to_owned()),
        start: node.whole("StartValue", 1)?,
        increment: node.whole("Increment", 1)?,
        current: node.online_value("[CurrentValue]")?,
        minimum: bound("MinValue")?,
        maximum: bound("MaxValue")?,
        cycles: node.is_true("IsCycling"),
    })
}

pub(crate) fn programmable(node: &Node) -> Programmable {
    let header = node.deep_property("HeaderContents").unwrap_or_default();
    let body = ["QueryScript", "BodyScript"]
        .into_iter()
        .find_map(|name| node.deep_property(name))
        .unwrap_or_default();
    let footer = node.deep_property("FooterContents").unwrap_or_default();
    Programmable {
        kind: node.kind().to_owned(),
        name: node.name(),
        text: format!("{header}{body}{footer}"),
    }
}
