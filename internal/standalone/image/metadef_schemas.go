package image

import (
	"net/http"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// metadefSchema tells clients what metadata definitions look like. Glance's own
// client reads it before it lists namespaces. Nothing is checked against these
// schemas, because nobody writes definitions. They are what Glance 25 shows, in
// our own order.
func metadefSchema(r *http.Request) (kit.Reply, error) {
	schemas := map[string]object{
		"namespace":  closed("namespace", namespaceProperties(), propertyDefinitions(), "namespace"),
		"namespaces": metadefCollection("namespaces", closed("namespace", namespaceProperties(), nil, "namespace"), propertyDefinitions()),
		"resource_type": closed("resource_type_association", resourceTypeProperties(), nil,
			"name"),
		"resource_types": metadefCollection("resource_type_associations",
			closed("resource_type_association", resourceTypeProperties(), nil, "name"), nil),
		"property":   closed("property", propertyProperties(), baseDefinitions(), "type", "title", "name"),
		"properties": propertiesSchema(),
		"object":     closed("object", objectProperties(), propertyDefinitions(), "name"),
		"objects":    metadefCollection("objects", closed("object", objectProperties(), nil, "name"), propertyDefinitions()),
		"tag":        closed("tag", tagProperties(), nil, "name"),
		"tags":       metadefCollection("tags", closed("tag", tagProperties(), nil, "name"), nil),
	}
	schema, ok := schemas[pathValue(r, "name")]
	if !ok {
		return kit.Reply{}, nova.Errorf(nova.NotFound, "The resource could not be found.")
	}
	return kit.Reply{Body: schema}, nil
}

// closed is the schema of an object that has no keys beyond its properties.
func closed(name string, properties, definitions object, required ...string) object {
	schema := object{"name": name, "properties": properties, "additionalProperties": false, "required": required}
	if definitions != nil {
		schema["definitions"] = definitions
	}
	return schema
}

// metadefCollection describes a page of things that refer to definitions.
func metadefCollection(name string, item, definitions object) object {
	schema := collection(name, item)
	if definitions != nil {
		schema["definitions"] = definitions
	}
	return schema
}

// propertiesSchema is the collection that is an object instead of a list.
func propertiesSchema() object {
	item := closed("property", propertyProperties(), nil, "type", "title")
	schema := metadefCollection("properties", item, baseDefinitions())
	list, _ := schema["properties"].(object)
	list["properties"] = object{"type": "object", "additionalProperties": item}
	return schema
}

// These are what the schemas share. None of them is ever changed.
var (
	textType       = object{"type": "string"}
	nameType       = object{"type": "string", "maxLength": 80}
	textListType   = object{"type": "array", "items": textType}
	valueTypes     = []any{"array", "boolean", "integer", "number", "object", "string", nil}
	shownText      = object{"type": "string", "readOnly": true}
	ofPositive     = object{"$ref": "#/definitions/positiveInteger"}
	ofPositiveOr0  = object{"$ref": "#/definitions/positiveIntegerDefault0"}
	ofTextList     = object{"$ref": "#/definitions/stringArray"}
	ofProperty     = object{"$ref": "#/definitions/property"}
	valueType      = object{"type": "string", "enum": valueTypes}
	anyList        = object{"type": "array"}
	dateTimeFormat = object{"type": "string", "format": "date-time"}
)

// namespaceProperties are the keys of a namespace. Its parts are described by
// reference, so that they are the same wherever they stand.
func namespaceProperties() object {
	association := object{"name": textType, "prefix": textType, "properties_target": textType}
	definedObject := object{"name": textType, "description": textType, "required": ofTextList, "properties": ofProperty}
	return object{
		"namespace":    described("The name of the namespace, which no other has.", nameType),
		"display_name": described("The name to show to people.", nameType),
		"description":  described("What the namespace is for.", object{"type": "string", "maxLength": 500}),
		"visibility":   described("Who can see the namespace.", object{"type": "string", "enum": []string{public, private}}),
		"protected":    described("Whether the namespace can't be deleted.", object{"type": "boolean"}),
		"owner":        described("The project that the namespace belongs to.", object{"type": "string", "maxLength": maxName}),
		"created_at":   shown("When the namespace was made", dateTimeFormat),
		"updated_at":   shown("When the namespace was last changed", dateTimeFormat),
		"schema":       shownText,
		"self":         shownText,
		"resource_type_associations": object{
			"type": "array", "items": object{"type": "object", "properties": association},
		},
		"properties": ofProperty,
		"objects":    object{"type": "array", "items": object{"type": "object", "properties": definedObject}},
		"tags":       object{"type": "array", "items": object{"type": "object", "properties": object{"name": textType}}},
	}
}

// resourceTypeProperties are the keys of a kind of thing.
func resourceTypeProperties() object {
	return object{
		"name":              described("The kind of thing that has the properties, in Heat's name for it where there is one.", nameType),
		"prefix":            described("What the names of the properties begin with on things of this kind, with the separator.", nameType),
		"properties_target": described("Which set of properties is meant, of a kind that has several: a volume has its own and those of its image.", nameType),
		"created_at":        shown("When the kind was associated", dateTimeFormat),
		"updated_at":        shown("When the association was last changed", dateTimeFormat),
	}
}

// propertyProperties are the keys of a definition: those of JSON schemas, with
// the operators that values may be compared by.
func propertyProperties() object {
	return object{
		"name":            nameType,
		"title":           textType,
		"description":     textType,
		"operators":       textListType,
		"type":            valueType,
		"required":        ofTextList,
		"minimum":         object{"type": "number"},
		"maximum":         object{"type": "number"},
		"maxLength":       ofPositive,
		"minLength":       ofPositiveOr0,
		"pattern":         object{"type": "string", "format": "regex"},
		"enum":            anyList,
		"readonly":        object{"type": "boolean"},
		"default":         object{},
		"items":           object{"type": "object", "properties": object{"type": valueType, "enum": anyList}},
		"maxItems":        ofPositive,
		"minItems":        ofPositiveOr0,
		"uniqueItems":     object{"type": "boolean", "default": false},
		"additionalItems": object{"type": "boolean"},
	}
}

// objectProperties are the keys of a group of properties.
func objectProperties() object {
	return object{
		"name":        nameType,
		"description": textType,
		"required":    ofTextList,
		"properties":  ofProperty,
		"schema":      shownText,
		"self":        shownText,
		"created_at":  shown("When the object was made", dateTimeFormat),
		"updated_at":  shown("When the object was last changed", dateTimeFormat),
	}
}

// tagProperties are the keys of a tag.
func tagProperties() object {
	return object{
		"name":       nameType,
		"created_at": shown("When the tag was made", dateTimeFormat),
		"updated_at": shown("When the tag was last changed", dateTimeFormat),
	}
}

// baseDefinitions are what the keys of a definition refer to.
func baseDefinitions() object {
	return object{
		"positiveInteger":         object{"type": "integer", "minimum": 0},
		"positiveIntegerDefault0": object{"allOf": []object{ofPositive, {"default": 0}}},
		"stringArray":             object{"type": "array", "items": textType, "minItems": 1, "uniqueItems": true},
	}
}

// propertyDefinitions add to them what objects and namespaces refer to. There,
// a list of texts may be empty.
func propertyDefinitions() object {
	definitions := baseDefinitions()
	definitions["stringArray"] = object{"type": "array", "items": textType, "uniqueItems": true}
	definitions["property"] = object{
		"type": "object",
		"additionalProperties": object{
			"type": "object", "required": []string{"title", "type"}, "properties": propertyProperties(),
		},
	}
	return definitions
}
